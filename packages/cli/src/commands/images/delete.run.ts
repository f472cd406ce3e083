import type { OciError, Reference, Registries } from "@skerry/oci";
import { RefusedError, UsageError } from "../../args/errors.ts";
import type { Job } from "../../command/job.ts";
import { parseRef } from "../../names/image-name.ts";
import { describeError, type ErrorShape, EXIT, interruptedCode } from "../../output/error.ts";
import { imageFault, notFound } from "../../places/places.ts";
import { openRegistries } from "../../registries/open.ts";
import type { DeleteFlags } from "./delete.ts";

interface Doomed {
  readonly reference: Reference;
  readonly digest?: string;
  readonly error?: OciError;
}

interface DeletedImage {
  readonly name: string;
  readonly digest?: string;
  readonly outcome: "deleted" | "planned" | "failed";
  readonly error?: ErrorShape;
}

/** Lists, asks, removes. */
export async function run(job: Job<DeleteFlags>): Promise<number> {
  const references = job.args.map(deletable);
  const hosts = [...new Set(references.map((reference) => reference.registry))];
  await using registries = await openRegistries(job, { sources: hosts, destinations: hosts });
  const doomed = await Promise.all(references.map((reference) => look(reference, registries, job.signal)));
  const there = doomed.filter((one) => one.error === undefined);
  for (const one of there) job.log.info(`to be removed: ${one.reference.text} (${one.digest ?? ""})`);
  if (!job.flags["dry-run"] && there.length > 0) await agree(job, there.length);
  const images: DeletedImage[] = [];
  for (const one of doomed) images.push(await remove(one, { registries, job }));
  await job.out.result(
    { kind: "DeleteReport", images },
    {
      text: () => images.map(({ outcome, name, error }) => `${outcome}  ${name}${error === undefined ? "" : faultText(error)}\n`).join(""),
      names: () => images.filter((image) => image.outcome !== "failed").map((image) => image.name),
    },
  );
  const failed = images.filter((image) => image.outcome === "failed").length;
  return interruptedCode(job.signal, failed === 0 ? EXIT.done : failed === images.length ? EXIT.failed : EXIT.partial);
}

function faultText({ message, hint }: ErrorShape): string {
  return `: ${message}${hint === undefined ? "" : `\n  next: ${hint}`}`;
}

function deletable(text: string): Reference {
  const reference = parseRef(text);
  if (reference.tag === undefined && reference.digest === undefined) {
    throw new UsageError(`cannot delete ${JSON.stringify(text)}: it has neither tag nor digest`, {
      subject: text,
      hint: "Name the tag, :latest too.",
    });
  }
  return reference;
}

async function look(reference: Reference, registries: Registries, signal: AbortSignal): Promise<Doomed> {
  try {
    const { registry, repository, tag, digest } = reference;
    const found = await registries.writer(registry).resolve({ repository }, digest ?? tag ?? "", { signal });
    if (found === undefined) return { reference, error: notFound({ kind: "registry", reference, text: reference.text }) };
    return { reference, digest: found.digest };
  } catch (error) {
    return { reference, error: imageFault(error) };
  }
}

async function agree(job: Job<DeleteFlags>, count: number): Promise<void> {
  if (job.flags.yes) return;
  const answer = await job.world.stdin.ask(`Remove ${count === 1 ? "it" : `these ${count}`}? [y/N] `);
  if (answer !== undefined && /^y(?:es)?$/i.test(answer.trim())) return;
  throw new RefusedError(answer === undefined ? "Refused to delete without a question answered" : "Refused to delete: the answer was no", {
    hint: answer === undefined ? "Add --yes." : undefined,
  });
}

async function remove(one: Doomed, how: { readonly registries: Registries; readonly job: Job<DeleteFlags> }): Promise<DeletedImage> {
  const { reference, digest, error } = one;
  const name = reference.text;
  const known = { name, ...(digest === undefined ? {} : { digest }) };
  if (error !== undefined) return { ...known, outcome: "failed", error: describeError(error) };
  if (how.job.flags["dry-run"]) return { ...known, outcome: "planned" };
  try {
    const { registry, repository, tag } = reference;
    await how.registries.writer(registry).delete({ repository }, reference.digest ?? tag ?? "", { signal: how.job.signal });
    return { ...known, outcome: "deleted" };
  } catch (failure) {
    return { ...known, outcome: "failed", error: describeError(imageFault(failure)) };
  }
}
