import type { RepairSources } from "./care/local-care.ts";
import type { AccessEntry, AuditEntry } from "./http/logs.ts";
import type { Content } from "./store/content.ts";
import type { FileSystem } from "./store/files.ts";
import type { Upstream } from "./store/pull-through.ts";
import type { TlsChoice } from "./tls/certificates.ts";

/** How a registry is run. Everything but the root has a default that is safe on one machine. */
export interface RegistryOptions {
  /** Folder of the store; made when it is missing. */
  readonly root: string;
  /** Serves this, read-only, instead of a store; the root then only holds certificates and users. */
  readonly content?: Content;
  /** `HOST:PORT`; port 0 takes a free one. Default `127.0.0.1:0`. */
  readonly listen?: string;
  /** Further names the registry is reached by, without port. */
  readonly hosts?: readonly string[];
  /** Default off on the loopback; any other address needs a certificate and authentication, or `unsafe`. */
  readonly tls?: TlsChoice;
  readonly auth?: "none" | "htpasswd";
  /** Default `htpasswd` in the root. */
  readonly htpasswd?: string;
  /** Default `access.yaml` beside htpasswd. */
  readonly accessFile?: string;
  /** Somebody without a name may read: everything, or what the access file says. */
  readonly anonymousPull?: boolean;
  /** Allows another address than the loopback without TLS or without users. */
  readonly unsafe?: boolean;
  /** Refuses every write. */
  readonly readOnly?: boolean;
  /** Uploads are refused when less would be left. Default 256 MiB, or two hundredths of a smaller disk. */
  readonly minFreeBytes?: number;
  /** Bytes by repository prefix. */
  readonly quotas?: Readonly<Record<string, number>>;
  /** Fetches what is missing below these prefixes. Off by default. */
  readonly upstreams?: readonly Upstream[];
  /** How long a blob that was looked at, mounted or uploaded counts as used by a push. Default ten minutes. */
  readonly leaseMs?: number;
  /** Changes of small files that stand in one file of the journal: the fewer, the less a start after a crash makes again (4000). */
  readonly journalChanges?: number;
  /** How long an upload waits for its next request. Default one day. */
  readonly uploadLifeMs?: number;
  /** A connection without a byte for that long is closed. Default two minutes. */
  readonly idleMs?: number;
  /** How long running requests may go on when it stops. Default thirty seconds. */
  readonly drainMs?: number;
  /** Largest manifest in bytes. Default 4 MiB. */
  readonly maxManifestBytes?: number;
  /** Open uploads of one user. Default 1000. */
  readonly maxUploadsPerUser?: number;
  /** One entry per request. */
  readonly onAccess?: (entry: AccessEntry) => void;
  /** One entry per write or delete, done or refused. */
  readonly onAudit?: (entry: AuditEntry) => void;
  /** Something that needs a person: a certificate that cannot be renewed. */
  readonly onWarning?: (message: string) => void;
  /** The cause of an answer 500. */
  readonly onFault?: (error: unknown, path: string) => void;
  /** Understands what `scrub --repair-from` names. Default: folders. */
  readonly repairSources?: RepairSources;
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
  /** Takes over changed users and certificates. What cannot be read stays as it was. @throws RegistryError */
  reload(): Promise<void>;
  /** Stops taking connections, lets requests end for a while, parks uploads. */
  close(): Promise<void>;
}
