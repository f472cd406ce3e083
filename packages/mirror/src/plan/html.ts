import type { Problem } from "../problem/problem.ts";
import type { PlanDocument } from "./document.ts";

const STYLE = `:root{color-scheme:light dark;font:15px/1.5 system-ui,sans-serif}
body{max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884;overflow-wrap:anywhere}
.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.error{color:#c22}.warning{color:#b60}
code{font-size:.9em}summary{cursor:pointer;font-weight:600}`;

/**
 * A plan as one page to read and to pass on: packages, problems, what comes and goes, every image. It holds no script and loads
 * nothing, and its own policy forbids both; everything in it is escaped text. In pieces, so that no long list is text as a
 * whole. The same plan gives the same bytes. Pure.
 */
export function* planHtml(plan: PlanDocument): Generator<string> {
  const title = `Plan of ${plan.imageSet.name}`;
  yield `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${text(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${text(title)}</h1>
`;
  yield* summary(plan);
  yield* packages(plan);
  yield* problems(plan.problems);
  yield* difference(plan);
  yield* images(plan);
  yield "</body>\n</html>\n";
}

function* summary(plan: PlanDocument): Generator<string> {
  const { totals, estimate } = plan;
  const seconds = estimate.seconds === null ? [] : [["Time", `about ${Math.ceil(estimate.seconds / 60)} min (${estimate.basis ?? ""})`]];
  const rows: (readonly string[])[] = [
    ["Target", plan.target ?? "none named"],
    ["Images", String(totals.images)],
    ["Unique bytes", size(totals.uniqueBytes)],
    ...(totals.moveBytes === null ? [] : [["To move", size(totals.moveBytes)]]),
    ...seconds,
  ];
  yield* table([], rows);
}

function* packages(plan: PlanDocument): Generator<string> {
  for (const catalog of plan.catalogs) {
    yield `<h2>${text(catalog.catalog)}</h2>\n`;
    const costs = new Map(plan.operators.filter((one) => one.catalog === catalog.catalog).map((one) => [one.package, one]));
    const rows = catalog.packages.map((pkg) => {
      const cost = costs.get(pkg.name);
      const channels = pkg.channels.map(
        (channel) =>
          `${channel.name}${channel.name === pkg.defaultChannel ? " (default)" : ""}: ${channel.versions.map((one) => one.version).join(", ")}`,
      );
      return [pkg.name, channels.join("\n"), String(cost?.images ?? 0), size(cost?.uniqueBytes ?? 0), size(cost?.dropSavesBytes ?? 0)];
    });
    yield* table(["Package", "Channels and versions", "#Images", "#Unique", "#Leaving it out saves"], rows);
  }
}

function* problems(rows: readonly Problem[]): Generator<string> {
  yield `<h2>Problems</h2>\n`;
  if (rows.length === 0) {
    yield "<p>None.</p>\n";
    return;
  }
  yield "<table>\n<tr><th>Severity</th><th>Code</th><th>About</th><th>What happened, and what to do</th><th>Done</th></tr>\n";
  for (const row of rows) {
    const about = [row.subject, row.field].filter((part) => part !== undefined).join("\n");
    const done = `${row.action}${row.result === undefined ? "" : ` → ${row.result}`}${row.waived ? ", waived" : ""}`;
    yield `<tr><td class="${row.severity}">${row.severity}</td><td><code>${row.code}</code></td><td>${text(about)}</td><td>${text([row.message, row.hint ?? ""].join("\n"))}</td><td>${text(done)}</td></tr>\n`;
  }
  yield "</table>\n";
}

function* difference({ difference: { added, removed, changed } }: PlanDocument): Generator<string> {
  const moved = changed.map(({ origin, from, to }) => `${origin}: ${from} → ${to}`);
  for (const [what, names] of [
    ["New since the last lock", added],
    ["Gone since the last lock", removed],
    ["Changed since the last lock", moved],
  ] as const) {
    if (names.length === 0) continue;
    yield `<details><summary>${what}: ${names.length}</summary>\n<ul>\n`;
    for (const name of names) yield `<li>${text(name)}</li>\n`;
    yield "</ul></details>\n";
  }
}

function* images(plan: PlanDocument): Generator<string> {
  yield `<details><summary>All ${plan.images.length} images</summary>\n`;
  const rows = function* (): Generator<readonly string[]> {
    for (const image of plan.images) {
      const { repository, tag } = image.destination;
      const present = image.present === null ? "not looked" : image.present ? "there" : "to move";
      yield [image.origin, image.kind, `${repository}:${tag}`, present, size(image.totalBytes)];
    }
  };
  yield* table(["Origin", "Kind", "Destination", "At the target", "#Bytes"], rows());
  yield "</details>\n";
}

/** A column whose title begins with `#` holds figures. */
function* table(titles: readonly string[], rows: Iterable<readonly string[]>): Generator<string> {
  const figures = titles.map((title) => (title.startsWith("#") ? ' class="n"' : ""));
  yield "<table>\n";
  if (titles.length > 0)
    yield `<tr>${titles.map((title, index) => `<th${figures[index]}>${text(title.replace(/^#/, ""))}</th>`).join("")}</tr>\n`;
  for (const row of rows) yield `<tr>${row.map((cell, index) => `<td${figures[index] ?? ""}>${text(cell)}</td>`).join("")}</tr>\n`;
  yield "</table>\n";
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\n": "<br>" };

/** Text from outside: nothing of it is markup, and no character changes the order of what is read. */
function text(value: string): string {
  return value
    .replaceAll(/[&<>"'\n]/g, (found) => ENTITIES[found] ?? "")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit] ?? ""}`;
}
