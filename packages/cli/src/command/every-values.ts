import type { LogLevel } from "../output/log.ts";
import type { ProgressMode } from "../progress/types.ts";

/** Values of the flags that every command has. Section 2 of the contract. */
export interface EveryFlags {
  /** One of `OUTPUT_FORMATS`, or a further one that the command adds. */
  readonly output: string;
  readonly quiet: boolean;
  readonly "log-level": LogLevel;
  readonly "log-file": string | undefined;
  readonly progress: ProgressMode;
  readonly "no-color": boolean;
  readonly help: boolean;
  readonly version: boolean;
}
