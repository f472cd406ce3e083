import { member } from "../document/shape.ts";
import { displayName } from "../list/list-catalog.ts";
import { channelGraph } from "../model/channel-graph.ts";
import type { Catalog, CatalogDocument } from "../types.ts";

/** A package that a search found. */
export interface SearchHit {
  readonly package: string;
  readonly displayName: string;
  readonly description: string;
  /** Where the words were found, the strongest first. */
  readonly fields: readonly ("name" | "displayName" | "keywords" | "description" | "provider" | "api")[];
  /** Higher is better. */
  readonly score: number;
}

const WEIGHTS = { name: 8, displayName: 6, keywords: 4, api: 3, provider: 2, description: 1 } as const;

/**
 * Packages that hold every word, best first: looks at the name, and at display name, keywords, provider, APIs and
 * description of the default channel's head. Case does not matter.
 */
export async function searchCatalog(catalog: Catalog, words: readonly string[]): Promise<readonly SearchHit[]> {
  const wanted = words.map((word) => word.toLowerCase()).filter((word) => word !== "");
  if (wanted.length === 0) return [];
  const heads = new Map<string, string>();
  for (const info of catalog.packages) {
    const channel = info.channels.find(({ name }) => name === info.defaultChannel);
    const head = channel === undefined ? undefined : channelGraph(channel).heads[0];
    if (head !== undefined) heads.set(info.name, head);
  }
  const texts = new Map<string, Texts>();
  for (const info of catalog.packages) texts.set(info.name, { ...EMPTY, name: info.name });
  const looked = (document: CatalogDocument): boolean =>
    document.schema === "olm.package" || (document.schema === "olm.bundle" && heads.get(document.package) === document.name);
  for await (const { document, body } of catalog.documents(looked)) {
    const owner = document.schema === "olm.package" ? document.name : document.package;
    const before = texts.get(owner);
    if (before === undefined) continue;
    texts.set(
      owner,
      document.schema === "olm.package"
        ? { ...before, description: `${before.description} ${text(member(body, "description"))}`.trim() }
        : bundleTexts(before, body),
    );
  }
  return [...texts.values()].flatMap((one) => hit(one, wanted) ?? []).sort((a, b) => b.score - a.score || (a.package < b.package ? -1 : 1));
}

type Texts = Readonly<Record<keyof typeof WEIGHTS, string>>;

const EMPTY: Texts = { name: "", displayName: "", keywords: "", api: "", provider: "", description: "" };

function bundleTexts(before: Texts, body: Readonly<Record<string, unknown>>): Texts {
  const properties = member(body, "properties");
  const list = Array.isArray(properties) ? (properties as readonly unknown[]) : [];
  const metadata = list
    .map((property) => (member(property, "type") === "olm.csv.metadata" ? member(property, "value") : undefined))
    .find((value) => value !== undefined);
  const keywords = member(metadata, "keywords");
  const description = text(member(metadata, "annotations", "description")) || text(member(metadata, "description")).slice(0, 2000);
  return {
    name: before.name,
    displayName: displayName(body),
    keywords: Array.isArray(keywords) ? keywords.map(String).join(" ") : "",
    api: list.flatMap((property) => (member(property, "type") === "olm.gvk" ? [text(member(property, "value", "kind"))] : [])).join(" "),
    provider: text(member(metadata, "provider", "name")),
    description: before.description === "" ? description : before.description,
  };
}

function hit(texts: Texts, words: readonly string[]): SearchHit | undefined {
  const kinds = Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[];
  const found = new Set<keyof typeof WEIGHTS>();
  let score = 0;
  for (const word of words) {
    const fields = kinds.filter((kind) => texts[kind].toLowerCase().includes(word));
    if (fields.length === 0) return undefined;
    for (const field of fields) {
      found.add(field);
      score += WEIGHTS[field] * (texts[field].toLowerCase() === word ? 2 : 1);
    }
  }
  const fields = [...found].sort((a, b) => WEIGHTS[b] - WEIGHTS[a]);
  return { package: texts.name, displayName: texts.displayName, description: texts.description.slice(0, 300), fields, score };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
