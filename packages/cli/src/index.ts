export { runCli } from "./run.ts";
export { VERSION } from "./version.ts";
export { Interruption, OutputClosedError, type ResultOutput, type TalkOutput, type TextInput, type World } from "./world/types.ts";
