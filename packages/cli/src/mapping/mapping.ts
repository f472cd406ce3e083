import { isOciError } from "@skerry/oci";
import { isUsageError, UsageError } from "../args/errors.ts";
import { type ImageName, parseImageName } from "../names/image-name.ts";

/** One image and where it goes. */
export interface Mapping {
  readonly source: ImageName;
  /** Copy every tag that matches instead of one image: `*` stands for any text. */
  readonly tags?: string;
  readonly destinations: readonly ImageName[];
  /** Copied after everything else: a catalog, which promises the others. */
  readonly last?: boolean;
  /** What was written, for messages. */
  readonly text: string;
  /** Line in the file, from 1. */
  readonly line?: number;
}

/** A line that cannot be used. */
export interface MappingFault {
  readonly line: number | undefined;
  readonly text: string;
  readonly message: string;
  readonly hint: string | undefined;
}

export interface ParsedMappings {
  readonly mappings: readonly Mapping[];
  readonly faults: readonly MappingFault[];
}

const MAX_LINE = 10_000;

/**
 * Reads a mapping file in any of three dialects, line by line: `SRC=DST` as `oc image mirror` and `oc adm catalog mirror`
 * take and write it (a source without tag means all its tags, `*` in a tag is a pattern), `docker://SRC=docker://DST` as
 * `oc mirror` writes it, and `SRC DST [DST…]`. Blank lines and lines beginning with `#` are skipped. Every fault is found.
 */
export function parseMappingFile(text: string): ParsedMappings {
  return collect(
    text
      .replace(/^\uFEFF/, "")
      .split("\n")
      .map((line, index) => ({ text: line.trim(), line: index + 1 }))
      .filter((line) => line.text !== "" && !line.text.startsWith("#")),
    parseLine,
  );
}

/** Reads arguments: `SRC DST [DST…]`, or any number of `SRC=DST`. */
export function parseMappingArguments(args: readonly string[]): ParsedMappings {
  if (args.length === 0) return { mappings: [], faults: [] };
  const pairs = args.filter((arg) => isPair(arg));
  if (pairs.length === 0) return collect([{ text: args.join(" "), line: undefined }], () => parseList(args, args.join(" ")));
  return collect(
    args.map((arg) => ({ text: arg, line: undefined })),
    ({ text }) => {
      if (!isPair(text)) throw new UsageError("SRC=DST and SRC DST cannot be mixed", { subject: text });
      return parsePair(text);
    },
  );
}

interface Line {
  readonly text: string;
  readonly line: number | undefined;
}

function collect(lines: readonly Line[], parse: (line: Line) => Mapping): ParsedMappings {
  const mappings: Mapping[] = [];
  const faults: MappingFault[] = [];
  for (const line of lines) {
    try {
      if (line.text.length > MAX_LINE) throw new UsageError(`the line has ${line.text.length} characters`);
      mappings.push({ ...parse(line), ...(line.line === undefined ? {} : { line: line.line }) });
    } catch (error) {
      if (!isUsageError(error) && !isOciError(error)) throw error;
      faults.push({ line: line.line, text: line.text.slice(0, 300), message: error.message, hint: error.hint });
    }
  }
  return { mappings, faults };
}

function parseLine({ text }: Line): Mapping {
  const bare = text.replace(/\s+#.*$/, "");
  const words = bare.split(/\s+/);
  const [first, second] = words;
  if (first === undefined || !isPair(first)) return parseList(words, bare);
  // `oc` ignores what follows SRC=DST, further destinations too; a line that means more than is done is refused here.
  if (second !== undefined)
    throw new UsageError("after SRC=DST nothing may follow", { subject: second, hint: "Write SRC DST DST for several destinations." });
  return parsePair(first);
}

function parseList(words: readonly string[], text: string): Mapping {
  const [source = "", ...destinations] = words;
  if (destinations.length === 0) {
    throw new UsageError(`no destination for ${JSON.stringify(source)}`, { subject: source, hint: "Write SRC=DST, or SRC DST [DST…]." });
  }
  return { source: parseSource(source), destinations: destinations.map(parseDestination), text };
}

function parsePair(text: string): Mapping {
  const equals = text.indexOf("=");
  const source = text.slice(0, equals);
  const destination = text.slice(equals + 1);
  if (source === "" || destination === "") {
    throw new UsageError(`${source === "" ? "the source" : "the destination"} is missing in ${JSON.stringify(text)}`, {
      subject: text,
      hint: "Write SRC=DST.",
    });
  }
  const pattern = /^(.+):([A-Za-z0-9_.*-]*\*[A-Za-z0-9_.*-]*)$/.exec(source);
  const name = parseSource(pattern?.[1] ?? source);
  const destinations = [parseDestination(destination)];
  const tags = pattern?.[2] ?? allTags(name, source);
  if (tags === undefined) return { source: name, destinations, text };
  const [only] = destinations;
  if (name.kind !== "registry" || only?.kind !== "registry" || only.reference.tag !== undefined) {
    throw new UsageError("when the source stands for several tags, the destination must be a repository without a tag", {
      subject: destination,
    });
  }
  return { source: name, tags, destinations, text };
}

/** `oc image mirror` copies all tags of a source without one; a written `docker://` is `oc mirror`'s dialect and means latest. */
function allTags(name: ImageName, written: string): string | undefined {
  if (name.kind !== "registry" || written.startsWith("docker://")) return undefined;
  return name.reference.tag === undefined && name.reference.digest === undefined ? "*" : undefined;
}

function parseSource(text: string): ImageName {
  return parseImageName(text);
}

function parseDestination(text: string): ImageName {
  const name = parseImageName(text);
  if (name.kind === "registry" && name.reference.digest !== undefined) {
    throw new UsageError(`the destination ${JSON.stringify(text)} has a digest; the content decides the digest`, {
      subject: text,
      hint: "Write a tag, or leave it out.",
    });
  }
  if (name.kind === "layout" && (name.transport === "docker-archive" || name.name?.startsWith("@") === true)) {
    throw new UsageError(`cannot write to ${JSON.stringify(text)}`, {
      subject: text,
      hint: name.transport === "docker-archive" ? "docker-archive is read only; use oci-archive:FILE." : "Write oci:DIR:NAME.",
    });
  }
  return name;
}

/** A `=` that separates: transports and references hold none, paths after a transport may. */
function isPair(text: string): boolean {
  const equals = text.indexOf("=");
  if (equals < 0) return false;
  const layout = /^(?:oci|oci-archive|dir|docker-archive):/.test(text);
  return !layout || /=(?:docker:\/\/|oci:|oci-archive:|dir:|[a-z0-9.-]+(?::\d+)?\/)/.test(text);
}
