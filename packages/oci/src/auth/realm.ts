import { OciError } from "../errors.ts";
import { hostName } from "../http/address.ts";
import { redactUrl } from "../http/redact.ts";

/** Realms that were accepted on purpose before (a login), by registry host. */
export interface RealmMemory {
  /** Origin of the noted realm, such as `https://gitlab.example.com`. */
  get(host: string): string | undefined;
  /** Asked for a realm that is foreign or has changed; true takes it from now on. Only a login does that. */
  accept?(host: string, origin: string): boolean;
}

/** Token services that live on another host than their registry, as their vendors document. */
const KNOWN_REALMS: Readonly<Record<string, readonly string[]>> = {
  "docker.io": ["auth.docker.io"],
  "registry-1.docker.io": ["auth.docker.io"],
  "index.docker.io": ["auth.docker.io"],
  "docker.elastic.co": ["docker-auth.elastic.co"],
  "registry.gitlab.com": ["gitlab.com"],
  "registry.redhat.io": ["sso.redhat.com"],
  "registry.connect.redhat.com": ["registry.redhat.io", "sso.redhat.com"],
  "icr.io": ["iam.cloud.ibm.com"],
  "cp.icr.io": ["iam.cloud.ibm.com", "icr.io"],
  "xpkg.upbound.io": ["api.upbound.io"],
};

export interface RealmQuestion {
  /** Registry as users write it, `host[:port]`. */
  readonly host: string;
  /** Realm as it stands in the challenge; may be relative. */
  readonly realm: string;
  /** URL that sent the challenge. */
  readonly challengedAt: string;
  /** Whether a credential would be sent. */
  readonly withCredential: boolean;
  readonly memory: RealmMemory | undefined;
}

/**
 * The token service to ask, if it may be trusted. Plain HTTP only where the registry itself is plain. A credential goes
 * to the registry's own host, a subdomain, a documented service, or one that was noted at a login; never silently elsewhere.
 * @throws OciError `PROTOCOL_ERROR` for a realm that is no address, `UNTRUSTED_ADDRESS` for one that is not trusted
 */
export function trustedRealm(question: RealmQuestion): URL {
  const { host, realm, challengedAt } = question;
  if (realm.length > 4096 || !URL.canParse(realm, challengedAt)) {
    throw new OciError({
      code: "PROTOCOL_ERROR",
      message: `Cannot log in to ${host}: its realm is no address`,
      subject: host,
      host,
    });
  }
  const url = new URL(realm, challengedAt);
  const registryIsPlain = new URL(challengedAt).protocol === "http:";
  if (url.protocol !== "https:" && !(url.protocol === "http:" && registryIsPlain)) {
    throw refused(question, url, "it is not HTTPS");
  }
  if (url.username !== "" || url.password !== "") throw refused(question, url, "it carries a user name");
  if (!question.withCredential || isHome(host, url)) return url;
  const noted = question.memory?.get(host);
  if (noted === url.origin || question.memory?.accept?.(host, url.origin) === true) return url;
  throw refused(question, url, noted === undefined ? "the credential belongs to another host" : `it was ${noted} before`);
}

function isHome(host: string, url: URL): boolean {
  const registry = hostName(host);
  const realm = hostName(url.hostname);
  if (realm === registry || realm.endsWith(`.${registry}`)) return true;
  const contacted = registry === "docker.io" ? "registry-1.docker.io" : registry;
  return realm === contacted || (Object.hasOwn(KNOWN_REALMS, registry) && (KNOWN_REALMS[registry] ?? []).includes(realm));
}

function refused(question: RealmQuestion, url: URL, why: string): OciError {
  return new OciError({
    code: "UNTRUSTED_ADDRESS",
    message: `Refused to send the credential of ${question.host} to ${redactUrl(url.origin)}: ${why}`,
    subject: question.host,
    host: question.host,
    hint: `If ${url.host} is the token service of ${question.host}, accept it once with: skerry login ${question.host}`,
  });
}
