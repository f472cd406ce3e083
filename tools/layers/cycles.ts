import { type Edge, edgesOf, type Violation } from "./rules.ts";
import type { Project } from "./source-files.ts";

/**
 * One violation for each knot of files that import each other, with a shortest way round. Looked for twice: among static
 * imports with those of types, and among what is imported at run time. So a command may load its work when it is called,
 * and the work may name the types of its command.
 */
export function findCycles(project: Project): Violation[] {
  const edges = [...project.files.values()].map((file) => [file.path, edgesOf(project, file)] as const);
  const found = (["dynamic", "type"] as const).flatMap((left) =>
    cyclesIn(new Map(edges.map(([path, list]) => [path, list.filter(({ how }) => how !== left)] as const))),
  );
  return [...new Map(found.map((violation) => [violation.message, violation])).values()];
}

function cyclesIn(graph: Graph): Violation[] {
  return knots(graph).flatMap((knot) => {
    const way = shortestRound(graph, knot);
    const [first] = way;
    if (first === undefined) return [];
    const shown = way.map((step) => `${step.from}:${step.line}`).join(" → ");
    return [{ path: first.from, line: first.line, message: `import cycle: ${shown} → ${first.from}` }];
  });
}

interface Step {
  readonly from: string;
  readonly line: number;
}

type Graph = ReadonlyMap<string, readonly Edge[]>;

/** Strongly connected components with a cycle in them (Tarjan), each sorted. */
function knots(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  const found: string[][] = [];
  function enter(path: string): void {
    order.set(path, order.size);
    low.set(path, order.size - 1);
    stack.push(path);
    onStack.add(path);
    for (const { to } of graph.get(path) ?? []) {
      if (!order.has(to)) {
        enter(to);
        low.set(path, Math.min(low.get(path) ?? 0, low.get(to) ?? 0));
      } else if (onStack.has(to)) low.set(path, Math.min(low.get(path) ?? 0, order.get(to) ?? 0));
    }
    if (low.get(path) === order.get(path)) leave(path);
  }
  function leave(path: string): void {
    const knot = stack.splice(stack.lastIndexOf(path));
    for (const member of knot) onStack.delete(member);
    if (knot.length > 1 || (graph.get(path) ?? []).some((edge) => edge.to === path)) found.push(knot.sort());
  }
  for (const path of graph.keys()) if (!order.has(path)) enter(path);
  return found.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}

/** A shortest way from the knot's first file back to itself. */
function shortestRound(graph: Graph, knot: readonly string[]): Step[] {
  const [start] = knot;
  if (start === undefined) return [];
  const members = new Set(knot);
  const queue: { readonly at: string; readonly way: readonly Step[] }[] = [{ at: start, way: [] }];
  const seen = new Set<string>();
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    for (const edge of graph.get(next.at) ?? []) {
      if (!members.has(edge.to)) continue;
      const way = [...next.way, { from: next.at, line: edge.line }];
      if (edge.to === start) return way;
      if (!seen.has(edge.to)) {
        seen.add(edge.to);
        queue.push({ at: edge.to, way });
      }
    }
  }
  return [];
}
