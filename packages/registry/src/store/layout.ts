import { resolve } from "node:path";
import { type Digest, digestAlgorithm, digestHex, isDigest } from "@skerry/oci";

/** Version of the layout on disk (docs/registry.md) while nothing is in the journal. */
export const LAYOUT_VERSION = 1;

/** The version while something may be in the journal: a program that does not know of it would miss that. */
export const JOURNAL_LAYOUT_VERSION = 2;

/** Name of the file that makes a folder a registry's root and says which version it has. */
export const VERSION_FILE = "skerry-registry.json";

/**
 * Where everything is. Repositories are flat: `/` becomes `+`, which no repository name may hold, so the mapping can be
 * turned round, keeps the length (255 characters at most, as a file name) and lets no repository reach into another:
 * `a/tags` is `a+tags` and never the folder of the tags of `a`.
 */
export class Layout {
  readonly root: string;
  readonly temporary: string;
  readonly uploads: string;
  readonly repositories: string;
  readonly links: string;
  readonly quarantine: string;
  readonly care: string;
  readonly journal: string;
  readonly control: string;
  readonly owner: string;
  readonly version: string;

  constructor(root: string) {
    this.root = resolve(root);
    this.temporary = within(this.root, "tmp");
    this.uploads = within(this.root, "uploads");
    this.repositories = within(this.root, "repositories");
    this.links = within(this.root, "links");
    this.quarantine = within(this.root, "quarantine");
    this.care = within(this.root, "care");
    this.journal = within(this.root, "journal");
    this.control = within(this.root, "control.sock");
    this.owner = within(this.root, "owner.json");
    this.version = within(this.root, VERSION_FILE);
  }

  /** Folders that are made when a root is made. */
  folders(): readonly string[] {
    const blobs = within(this.root, "blobs");
    return [
      this.temporary,
      this.uploads,
      this.repositories,
      this.links,
      this.quarantine,
      this.care,
      this.journal,
      blobs,
      this.blobs("sha256"),
      this.blobs("sha512"),
    ];
  }

  blobs(algorithm: string): string {
    return within(this.root, `blobs/${algorithm}`);
  }

  blob(digest: Digest): string {
    return within(this.blobs(digestAlgorithm(digest)), digestHex(digest));
  }

  quarantined(digest: Digest): string {
    return within(this.quarantine, digestFileName(digest));
  }

  repository(name: string): string {
    return within(this.repositories, repositoryFolder(name));
  }

  manifests(repository: string): string {
    return within(this.repository(repository), "manifests");
  }

  manifest(repository: string, digest: Digest): string {
    return within(this.manifests(repository), digestFileName(digest));
  }

  tags(repository: string): string {
    return within(this.repository(repository), "tags");
  }

  /** A tag is a legal file name as it is: no slash, no leading dot, 128 characters at most. */
  tag(repository: string, tag: string): string {
    return within(this.tags(repository), tag);
  }

  allReferrers(repository: string): string {
    return within(this.repository(repository), "referrers");
  }

  referrers(repository: string, subject: Digest): string {
    return within(this.allReferrers(repository), digestFileName(subject));
  }

  referrer(repository: string, subject: Digest, digest: Digest): string {
    return within(this.referrers(repository, subject), digestFileName(digest));
  }

  linksOf(repository: string): string {
    return within(this.links, repositoryFolder(repository));
  }

  link(repository: string, digest: Digest): string {
    return within(this.linksOf(repository), digestFileName(digest));
  }

  uploadData(id: string): string {
    return within(this.uploads, `${id}.data`);
  }

  uploadState(id: string): string {
    return within(this.uploads, `${id}.json`);
  }
}

/** Folder name of a repository: `a/b` is `a+b`. */
export function repositoryFolder(name: string): string {
  return name.replaceAll("/", "+");
}

/** Turns {@link repositoryFolder} round. */
export function repositoryOfFolder(folder: string): string {
  return folder.replaceAll("+", "/");
}

/** `sha256-<hex>`, the file name that stands for a digest. */
export function digestFileName(digest: Digest): string {
  return digest.replace(":", "-");
}

/** The digest a file name stands for, or undefined for a name that stands for none. */
export function digestOfFileName(name: string): Digest | undefined {
  const text = name.replace("-", ":");
  return isDigest(text) ? text : undefined;
}

/** The root is resolved once, and nothing below it needs to be: names come from here, or have no slash and no leading dot. */
function within(folder: string, name: string): string {
  return `${folder}/${name}`;
}
