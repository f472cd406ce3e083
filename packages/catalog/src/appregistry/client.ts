import { digestOf } from "@skerry/oci";
import { asList, asText, member } from "../document/shape.ts";
import { CatalogError } from "../errors.ts";

/** What the client asks of an HTTP engine; the engine of `@skerry/oci` fits. */
export interface AppRegistryHttp {
  send(request: {
    readonly host: string;
    readonly method: "GET" | "POST";
    readonly target: string;
    readonly action: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: { readonly kind: "bytes"; readonly bytes: Uint8Array };
    readonly expect?: (status: number) => boolean;
    readonly signal?: AbortSignal | undefined;
  }): Promise<{ readonly status: number; bytes(max: number): Promise<Uint8Array> }>;
}

export interface AppRegistryOptions {
  readonly http: AppRegistryHttp;
  /** `https://quay.io/cnr` unless given. */
  readonly endpoint?: string | undefined;
  /** As the login call gave it (`basic …`); sent as the Authorization header. */
  readonly authToken?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A package of an organisation, with the release that its registry recommends. */
export interface AppRegistryPackage {
  readonly namespace: string;
  readonly name: string;
  readonly release: string;
}

const MAX_JSON_BYTES = 64 * 1024 * 1024;
const MAX_BLOB_BYTES = 256 * 1024 * 1024;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]*$/;

/** A client for the registries that held operator packages before there were bundle images (quay.io's `cnr`). */
export class AppRegistry {
  readonly #options: AppRegistryOptions;
  readonly #endpoint: URL;

  /** @throws CatalogError `APPREGISTRY_FAILED` for an endpoint that is no http(s) address */
  constructor(options: AppRegistryOptions) {
    this.#options = options;
    this.#endpoint = parsedEndpoint(options.endpoint ?? "https://quay.io/cnr");
  }

  /**
   * Asks for a token. The password is sent to the endpoint and kept nowhere.
   * @throws CatalogError `APPREGISTRY_FAILED`
   */
  async login(username: string, password: string): Promise<string> {
    const bytes = Buffer.from(JSON.stringify({ user: { username, password } }));
    const answer = await this.#json("users/login", { action: `log in as ${username}`, body: bytes });
    const token = asText(member(answer, "token"));
    if (token === "") throw failed(`log in as ${username}`, "the answer holds no token");
    return token;
  }

  /** Packages of an organisation, by name. */
  async packages(namespace: string): Promise<readonly AppRegistryPackage[]> {
    const answer = await this.#json(`packages?namespace=${encodeURIComponent(namespace)}`, { action: `list the packages of ${namespace}` });
    const found: AppRegistryPackage[] = [];
    for (const entry of asList(answer)) {
      const [own, name] = asText(member(entry, "name")).split("/");
      const release = asText(member(entry, "default")) || asText(asList(member(entry, "releases"))[0]);
      // Names become paths, so only plain ones are taken.
      if (own !== namespace || name === undefined || !NAME.test(name) || release === "") continue;
      found.push({ namespace, name, release });
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * The archive of one release (tar, gzip), checked against the digest that the registry tells.
   * @throws CatalogError `APPREGISTRY_FAILED`
   */
  async archive(of: AppRegistryPackage): Promise<Uint8Array> {
    const at = `packages/${encodeURIComponent(of.namespace)}/${encodeURIComponent(of.name)}`;
    const action = `read ${of.namespace}/${of.name} ${of.release}`;
    const answer = await this.#json(`${at}/${encodeURIComponent(of.release)}`, { action });
    const manifests = Array.isArray(answer) ? answer : [answer];
    const hex = manifests
      .map((manifest) => asText(member(manifest, "content", "digest")).replace(/^sha256:/, ""))
      .find((digest) => /^[0-9a-f]{64}$/.test(digest));
    if (hex === undefined) throw failed(action, "the release names no digest");
    const bytes = await this.#request(`${at}/blobs/sha256/${hex}`, { action, max: MAX_BLOB_BYTES });
    if (digestOf(bytes) !== `sha256:${hex}`) throw failed(action, `its bytes hash to ${digestOf(bytes)} instead of sha256:${hex}`);
    return bytes;
  }

  async #json(path: string, request: { readonly action: string; readonly body?: Uint8Array }): Promise<unknown> {
    const bytes = await this.#request(path, { ...request, max: MAX_JSON_BYTES });
    try {
      return JSON.parse(Buffer.from(bytes).toString("utf8"));
    } catch {
      throw failed(request.action, "the answer is not JSON");
    }
  }

  async #request(
    path: string,
    request: { readonly action: string; readonly max: number; readonly body?: Uint8Array },
  ): Promise<Uint8Array> {
    const { http, authToken, signal } = this.#options;
    const response = await http.send({
      host: this.#endpoint.host,
      method: request.body === undefined ? "GET" : "POST",
      target: `${this.#endpoint.pathname.replace(/\/$/, "")}/api/v1/${path}`,
      action: request.action,
      headers: {
        accept: "application/json",
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...(authToken === undefined || authToken === "" ? {} : { authorization: authToken }),
      },
      ...(request.body === undefined ? {} : { body: { kind: "bytes", bytes: request.body } }),
      expect: () => true,
      signal,
    });
    const bytes = await response.bytes(request.max);
    if (response.status < 200 || response.status > 299)
      throw failed(request.action, `${this.#endpoint.host} answered ${response.status}${reason(bytes)}`);
    return bytes;
  }
}

function parsedEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new CatalogError({
      code: "APPREGISTRY_FAILED",
      message: "Cannot use the app registry's endpoint: expected an http or https address without credentials",
      subject: "--appregistry-endpoint",
      hint: "Write it as https://quay.io/cnr; give a token with --auth-token-file.",
    });
  }
  return url;
}

/** The registry's own words, as far as they are short text. */
function reason(bytes: Uint8Array): string {
  try {
    const message = asText(member(JSON.parse(Buffer.from(bytes).toString("utf8")), "error", "message"));
    return message === "" ? "" : `: ${message.slice(0, 200)}`;
  } catch {
    return "";
  }
}

function failed(action: string, why: string): CatalogError {
  return new CatalogError({
    code: "APPREGISTRY_FAILED",
    message: `Cannot ${action}: ${why}`,
    hint: "Check --appregistry-endpoint, --appregistry-org and the token; quay.io closed its app registry, so name the one that you run.",
  });
}
