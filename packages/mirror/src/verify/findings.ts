import type { Digest } from "@skerry/oci";
import type { Reason } from "../plan/types.ts";
import type { ExtraFinding, MissingFinding, VerifyReport, WrongFinding } from "./types.ts";

interface About {
  readonly repository: string;
  readonly origin: string;
  readonly reasons: readonly Reason[];
}

/** Collects findings; the same fault seen through several images becomes one row that names them all. */
export class Findings {
  readonly #missing = new Map<string, Gathering<MissingFinding>>();
  readonly #wrong = new Map<string, Gathering<WrongFinding>>();
  readonly #extra = new Map<string, Gathering<ExtraFinding>>();

  missing(row: About & Omit<MissingFinding, "images" | "packages">): void {
    const { origin, reasons, ...finding } = row;
    gather(this.#missing, `${row.repository}\0${row.what}\0${row.digest}`, finding, { origin, reasons });
  }

  wrong(row: About & { readonly digest: Digest; readonly expected: string; readonly found: string }): void {
    const { origin, reasons, ...finding } = row;
    gather(this.#wrong, `${row.repository}\0${row.expected}`, finding, { origin, reasons });
  }

  extra(row: About & { readonly digest: string }): void {
    const { origin, reasons, ...finding } = row;
    gather(this.#extra, `${row.repository}\0${row.digest}`, finding, { origin, reasons });
  }

  report(target: string, checked: VerifyReport["checked"]): VerifyReport {
    const missing = rows(this.#missing);
    const wrong = rows(this.#wrong);
    return { target, result: missing.length + wrong.length === 0 ? "ok" : "bad", checked, missing, wrong, extra: rows(this.#extra) };
  }
}

interface Gathering<Row> {
  readonly row: Omit<Row, "images" | "packages">;
  readonly images: Set<string>;
  readonly packages: Set<string>;
}

function gather<Row>(
  into: Map<string, Gathering<Row>>,
  key: string,
  row: Omit<Row, "images" | "packages">,
  about: { origin: string; reasons: readonly Reason[] },
): void {
  const known = into.get(key) ?? { row, images: new Set<string>(), packages: new Set<string>() };
  into.set(key, known);
  known.images.add(about.origin);
  for (const reason of about.reasons) if (reason.package !== undefined) known.packages.add(reason.package);
}

function rows<Row>(from: ReadonlyMap<string, Gathering<Row>>): Row[] {
  return [...from.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { row, images, packages }]) => ({ ...row, images: [...images].sort(), packages: [...packages].sort() }) as Row);
}
