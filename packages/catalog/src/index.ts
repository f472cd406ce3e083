export { type OpenCatalogOptions, openCatalogTree, openFileCatalog } from "./open-catalog.ts";
export {
  type CatalogFiles,
  diskFile,
  folderFiles,
  memoryFile,
  type SourceFile,
  type SourceHandle,
  singleFile,
} from "./scan/source-files.ts";
export { selectPackages } from "./select/select-packages.ts";
export type {
  Bundle,
  BundleImage,
  BundleInfo,
  Catalog,
  CatalogDocument,
  CatalogProblem,
  CatalogSelection,
  Channel,
  ChannelEntry,
  PackageInfo,
  PackageSelection,
  Property,
  RelatedImageEntry,
  Selected,
  SelectedChannel,
  SelectedPackage,
} from "./types.ts";
export { compareVersions, formatVersion, parseVersion, tryParseVersion, type Version } from "./version/version.ts";
