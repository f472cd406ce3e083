import type { VerifyReport } from "@skerry/mirror";

/** A verification in the form that CI systems read: one test per image that has a fault, one for all the others. */
export function junitText(report: VerifyReport): string {
  const { roots } = report.checked;
  const faults = new Map<string, string[]>();
  const note = (images: readonly string[], text: string): void => {
    for (const image of images.length === 0 ? [report.target] : images) faults.set(image, [...(faults.get(image) ?? []), text]);
  };
  for (const row of report.missing) note(row.images, row.message);
  for (const row of report.wrong) note(row.images, `${row.repository}: expected ${row.expected}, found ${row.found}`);
  const failed = [...faults].sort(([a], [b]) => (a < b ? -1 : 1));
  const cases = failed.map(
    ([image, texts]) =>
      `    <testcase classname="skerry.verify" name="${xml(image)}"><failure message="${xml(texts[0] ?? "")}">${xml(texts.join("\n"))}</failure></testcase>\n`,
  );
  const whole = `    <testcase classname="skerry.verify" name="${xml(`${Math.max(0, roots - failed.length)} images without a fault`)}"/>\n`;
  const counts = `tests="${failed.length + 1}" failures="${failed.length}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="${xml(`skerry verify ${report.target}`)}" ${counts}>\n${whole}${cases.join("")}  </testsuite>\n</testsuites>\n`;
}

/** Text for XML: what cannot be in a document at all becomes a question mark. */
function xml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
