export { isRegistryError, REGISTRY_ERROR_CODES, RegistryError, type RegistryErrorCode, type RegistryErrorFields } from "./errors.ts";
export type { RegistryOptions, RunningRegistry } from "./options.ts";
export { startRegistry } from "./server.ts";
export { type FileFacts, type FileSystem, nodeFiles, type OpenFile } from "./store/files.ts";
