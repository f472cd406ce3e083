import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { ConfigError, type ConfigFault } from "./config-error.ts";
import type { ConfigSource, ImageSetConfig } from "./types.ts";

/**
 * Looks whether the folders and layouts that a configuration names are there: a path is what the user wrote, not what others
 * published, so it is refused before anything is contacted. Relative paths start from `baseDir`.
 * @throws ConfigError naming each path that is not there
 */
export async function checkLocalPaths(config: ImageSetConfig, baseDir: string): Promise<void> {
  const faults: ConfigFault[] = [];
  const look = async (source: ConfigSource, path: string, position: { readonly line: number; readonly column: number }): Promise<void> => {
    if (source.kind === "registry") return;
    const place = isAbsolute(source.path) ? source.path : join(baseDir, source.path);
    if (await isThere(place)) return;
    faults.push({
      path,
      ...position,
      message: `there is no ${place}`,
      suggestion: "Relative paths start from the folder of the configuration.",
    });
  };
  for (const [index, entry] of config.operators.entries()) await look(entry.source, `mirror.operators[${index}].catalog`, entry.position);
  for (const [index, image] of config.additionalImages.entries())
    await look(image.source, `mirror.additionalImages[${index}].name`, image.position);
  if (faults.length > 0) throw new ConfigError(config.path, faults);
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
