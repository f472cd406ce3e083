import { flagSwitch } from "../command/flag.ts";
import type { Flag } from "../command/types.ts";

/** The switch of commands that can ask the registries for what a catalog does not say. */
export interface SizesFlag {
  readonly sizes: boolean;
}

/** `--sizes`. */
export const sizesFlag: { readonly sizes: Flag<boolean> } = {
  sizes: flagSwitch("ask the registries for each image: digest, platforms, bytes"),
};
