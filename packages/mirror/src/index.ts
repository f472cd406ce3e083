export { blockedBy } from "./config/blocked.ts";
export { ConfigError, type ConfigFault, formatConfigFault } from "./config/config-error.ts";
export { nearestWord } from "./config/nearest.ts";
export { parseImageSetConfig } from "./config/parse.ts";
export { IMAGE_SET_API_VERSION, IMAGE_SET_KIND, imageSetSchema } from "./config/schema.ts";
export type { AdditionalImageConfig, ImageSetConfig, OperatorsConfig } from "./config/types.ts";
export { type BlockedImageRule, type ConfigSource, RESOURCE_KINDS, type ResourceKind, type SkerryExtension } from "./config/types.ts";
export { isMirrorError, MIRROR_ERROR_CODES, MirrorError, type MirrorErrorCode, type MirrorErrorFields } from "./errors.ts";
