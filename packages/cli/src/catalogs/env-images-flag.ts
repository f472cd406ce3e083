import { flagSwitch } from "../command/flag.ts";
import type { Flag } from "../command/types.ts";

/** `--env-images`: publishers put images into the environment of a deployment that they list nowhere else. */
export const envImagesFlag: { readonly "env-images": Flag<boolean> } = {
  "env-images": flagSwitch("also take the values of RELATED_IMAGE_* from the deployments of CSVs that the catalog holds"),
};
