import { expect, it } from "vitest";
import { openCatalogTree } from "../open-catalog.ts";
import { memoryFile, singleFile } from "../scan/source-files.ts";
import { renderText } from "./render-catalog.ts";

async function render(documents: string): Promise<string> {
  const catalog = await openCatalogTree(singleFile(memoryFile("c.json", Buffer.from(documents))), { name: "made" });
  try {
    let text = "";
    for await (const part of renderText(catalog, { format: "yaml" })) text += part;
    return text;
  } finally {
    await catalog.close();
  }
}

it("writes the bytes of an icon again, on one line and without stray bits", async () => {
  const icon = (data: string): string =>
    JSON.stringify({ schema: "olm.package", name: "amber", defaultChannel: "a", icon: { base64data: data, mediatype: "x" } });
  expect(await render(icon("PHN2\nZy8\n+"))).toContain("base64data: PHN2Zy8+\n");
  expect(await render(icon("QR=="))).toContain("base64data: QQ==\n");
});

it("refuses a number that no double holds", async () => {
  await expect(render('{"schema": "x.a", "package": "amber", "a": [{"b": 1e400}]}')).rejects.toMatchObject({
    code: "DOCUMENT_INVALID",
    message: expect.stringContaining("too large"),
  });
});
