const SECRET_HEADERS =
  /\b(authorization|proxy-authorization|cookie|set-cookie|x-registry-auth)\s*[:=]\s*(?:(?:basic|bearer)\s+)?[^\s,;"']+/gi;
const SCHEMES = /\b(basic|bearer)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const URLS = /\bhttps?:\/\/[^\s"'<>]+/gi;
const SECRET_FIELDS = /("(?:access_|refresh_|identity)?token"|"password"|"secret"|"auth")\s*:\s*"[^"]*"/gi;

/**
 * A URL without userinfo and with every query value but the harmless ones of the registry protocol replaced: signed
 * addresses of object stores carry their credential in the query.
 */
export function redactUrl(text: string): string {
  if (!URL.canParse(text)) return text.replace(/\/\/[^/@\s]*@/, "//***@");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") {
    url.username = "***";
    url.password = "";
  }
  for (const key of [...url.searchParams.keys()]) if (!PLAIN_QUERY.has(key)) url.searchParams.set(key, "***");
  return url.href.replaceAll("%2A%2A%2A", "***");
}

const PLAIN_QUERY: ReadonlySet<string> = new Set(["digest", "mount", "from", "n", "last", "artifactType", "service", "scope", "ns", "tag"]);

/**
 * Text that came from outside, fit for a message: secrets replaced, control characters gone, at most `max` characters.
 */
export function redactText(text: string, max: number = 400): string {
  const clean = text
    .slice(0, max * 4)
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, " ")
    .replace(URLS, (url) => redactUrl(url))
    .replace(SECRET_HEADERS, "$1: ***")
    .replace(SCHEMES, "$1 ***")
    .replace(SECRET_FIELDS, '$1:"***"')
    .trim();
  return clean.length > max ? `${clean.slice(0, max)}…` : clean;
}
