import { nearestWord } from "../config/nearest.ts";
import { MirrorError } from "../errors.ts";
import { PROBLEM_CODES, type Problem, type ProblemCode } from "./problem.ts";

/** `CODE` or `CODE=SUBJECT`: rows that the user has seen and accepts. */
export interface Waiver {
  readonly code: ProblemCode;
  readonly subject?: string;
}

/**
 * Reads `CODE[=SUBJECT]`.
 * @throws MirrorError `CONFIG_INVALID` for a code that does not exist
 */
export function parseWaiver(text: string): Waiver {
  const equals = text.indexOf("=");
  const code = equals < 0 ? text : text.slice(0, equals);
  if (!(PROBLEM_CODES as readonly string[]).includes(code)) {
    const near = nearestWord(code, PROBLEM_CODES);
    throw new MirrorError({
      code: "CONFIG_INVALID",
      message: `Cannot waive ${JSON.stringify(code)}: there is no problem of that code`,
      subject: text,
      hint: near !== undefined ? `Did you mean ${near}?` : `Use one of ${PROBLEM_CODES.join(", ")}, optionally followed by =SUBJECT.`,
    });
  }
  return equals < 0 ? { code: code as ProblemCode } : { code: code as ProblemCode, subject: text.slice(equals + 1) };
}

/** Marks the rows that a waiver covers. */
export function waive(problems: readonly Problem[], waivers: readonly Waiver[]): Problem[] {
  return problems.map((problem) => (waivers.some((waiver) => covers(waiver, problem)) ? { ...problem, waived: true } : problem));
}

/** The argument that would waive this row. */
export function waiverFor(problem: Problem): string {
  return `--waive ${problem.code}=${/^[A-Za-z0-9._:/@+-]+$/.test(problem.subject) ? problem.subject : `'${problem.subject.replaceAll("'", "'\\''")}'`}`;
}

function covers(waiver: Waiver, problem: Problem): boolean {
  return waiver.code === problem.code && (waiver.subject === undefined || waiver.subject === problem.subject);
}
