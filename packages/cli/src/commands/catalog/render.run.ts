import { renderText, type TemplateType } from "@skerry/catalog";

import { openCatalogs } from "../../catalogs/open.ts";
import type { openTemplates } from "../../catalogs/open-template.ts";
import type { Job } from "../../command/job.ts";
import { EXIT } from "../../output/error.ts";
import type { RenderFlags } from "./render.ts";

/** Prints catalogs one after the other, document by document. */
export async function run(job: Job<RenderFlags>): Promise<number> {
  const { template, "migrate-level": migrateLevel, "image-ref-template": imageTemplate } = job.flags;
  await using open = template === undefined ? await openCatalogs(job, job.args) : await templates(job, template);
  const format = job.flags.output === "yaml" ? "yaml" : "json";
  for (const catalog of open.catalogs) {
    for await (const text of renderText(catalog, { format, migrateLevel, imageTemplate, signal: job.signal })) {
      // The bytes are the result; only a terminal has to be guarded.
      if (job.world.stdout.isTTY) await job.out.text(text);
      else await job.world.stdout.write(text);
    }
  }
  return EXIT.done;
}

/** Templates name bundle images, so they need what talks to registries; catalogs may not. */
async function templates(job: Job<RenderFlags>, type: TemplateType): ReturnType<typeof openTemplates> {
  const loaded = await import("../../catalogs/open-template.ts");
  return loaded.openTemplates(job, job.args, type);
}
