import { BlockList, isIP } from "node:net";
import { OciError } from "../errors.ts";
import { hostName } from "./address.ts";
import { redactUrl } from "./redact.ts";

/** Proxies by scheme of the request and the hosts that are reached directly, as in the environment. */
export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly no?: string | undefined;
}

/** Reads HTTP_PROXY, HTTPS_PROXY and NO_PROXY, both cases; the upper-case form wins, as in Go's `httpproxy.FromEnvironment`. */
export function proxiesFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const pick = (name: string): string | undefined =>
    [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== "");
  return { http: pick("HTTP_PROXY"), https: pick("HTTPS_PROXY"), no: pick("NO_PROXY") };
}

/**
 * The proxy for an origin such as `https://quay.io:443`, or undefined for a direct connection. Go's rules
 * (golang.org/x/net/http/httpproxy): `*`, domains with and without a leading dot, `host:port`, addresses, CIDR;
 * localhost and loopback addresses are never proxied.
 * @throws OciError `CONFIG_INVALID` for a proxy address that cannot be read
 */
export function proxyFor(origin: string, settings: ProxySettings): URL | undefined {
  const url = new URL(origin);
  const value = url.protocol === "https:" ? settings.https : settings.http;
  if (value === undefined || value === "" || isDirect(url, settings.no ?? "")) return undefined;
  const text = value.includes("://") ? value : `http://${value}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new OciError({
      code: "CONFIG_INVALID",
      message: `Cannot use proxy ${redactUrl(text)}: expected http://host:port or https://host:port`,
      hint: "Set HTTP_PROXY and HTTPS_PROXY to the address of an HTTP proxy.",
    });
  }
  return new URL(text);
}

function isDirect(url: URL, no: string): boolean {
  const host = hostName(url.hostname);
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (host === "localhost" || host === "::1" || /^127\./.test(host)) return true;
  return no
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .some((entry) => entry !== "" && matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inNetwork(entry, host);
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry);
  const colon = entry.lastIndexOf(":");
  const hasPort = bracketed === null && colon > 0 && isIP(entry) === 0 && /^\d+$/.test(entry.slice(colon + 1));
  const name = bracketed?.[1] ?? (hasPort ? entry.slice(0, colon) : entry);
  const wantedPort = bracketed?.[2] ?? (hasPort ? entry.slice(colon + 1) : undefined);
  if (wantedPort !== undefined && wantedPort !== port) return false;
  if (isIP(name) !== 0) return name === host;
  if (name.startsWith("*.")) return host.endsWith(name.slice(1));
  if (name.startsWith(".")) return host.endsWith(name);
  return host === name || host.endsWith(`.${name}`);
}

function inNetwork(entry: string, host: string): boolean {
  const [network = "", bits = ""] = entry.split("/");
  const family = isIP(network);
  const hostFamily = isIP(host);
  const prefix = Number(bits);
  if (family === 0 || hostFamily !== family || !/^\d+$/.test(bits) || prefix > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const name = family === 4 ? "ipv4" : "ipv6";
  list.addSubnet(network, prefix, name);
  return list.check(host, name);
}
