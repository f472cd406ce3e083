import type { FileSystem } from "./store/files.ts";

/** How a registry is run. Everything but the root has a default that is safe on one machine. */
export interface RegistryOptions {
  /** Folder of the store; made when it is missing. */
  readonly root: string;
  /** `HOST:PORT`; port 0 takes a free one. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /** Further names the registry is reached by, without port. */
  readonly hosts?: readonly string[];
  /** Refuses every write. */
  readonly readOnly?: boolean;
  /** How long a blob that was looked at, mounted or uploaded counts as used by a push. Default ten minutes. */
  readonly leaseMs?: number;
  /** How long an upload waits for its next request. Default one day. */
  readonly uploadLifeMs?: number;
  /** A connection without a byte for that long is closed. Default two minutes. */
  readonly idleMs?: number;
  /** Largest manifest in bytes. Default 32 MiB. */
  readonly maxManifestBytes?: number;
  /** Open uploads of one user. Default 1000. */
  readonly maxUploadsPerUser?: number;
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => number;
  /** Another file system, for tests. */
  readonly files?: FileSystem;
}

export interface RunningRegistry extends AsyncDisposable {
  /** `127.0.0.1:5000`: what stands in front of a repository name. */
  readonly host: string;
  /** `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly port: number;
  /** Stops taking connections, lets requests end for a while, parks uploads. */
  close(): Promise<void>;
}
