export { AppRegistry, type AppRegistryHttp, type AppRegistryOptions, type AppRegistryPackage } from "./appregistry/client.ts";
export { type AppRegistryLogin, type OpenAppRegistryOptions, openAppRegistry } from "./appregistry/open-app-registry.ts";
export { type ConvertBundleOptions, convertBundle } from "./bundle/convert-bundle.ts";
export { migrateBundle } from "./bundle/csv-metadata.ts";
export { type BundleFiles, isBundleDirectory, readBundleDirectory, readWholeBundle } from "./bundle/read-bundle.ts";
export { type RenderBundleOptions, renderBundle } from "./bundle/render-bundle.ts";
export { DEFAULT_OPM } from "./check/opm-release.ts";
export { sarifLog } from "./check/sarif.ts";
export { type ValidateOptions, type Validation, validateCatalog } from "./check/validate-catalog.ts";
export { type ChannelDiff, type DiffBundle, diffCatalogs, type PackageDiff } from "./compare/diff-catalogs.ts";
export { type SearchHit, searchCatalog } from "./compare/search-catalog.ts";
export { type PackageNeed, type PackageNeeds, packageNeeds } from "./depend/needed-by.ts";
export type { Provider } from "./depend/providers.ts";
export { type Gvk, type Requirement, requirementsOf, requirementText } from "./depend/requirements.ts";
export {
  type DependencyChoice,
  type DependencyOptions,
  type DependencyResult,
  resolveDependencies,
} from "./depend/resolve-dependencies.ts";
export {
  CATALOG_ERROR_CODES,
  CatalogError,
  type CatalogErrorCode,
  type CatalogErrorFields,
  isCatalogError,
} from "./errors.ts";
export { mermaidGraph } from "./graph/mermaid.ts";
export {
  type DeprecatedNames,
  type GraphChannel,
  type GraphEdge,
  type GraphNode,
  type PackageGraph,
  packageGraph,
  readDeprecations,
} from "./graph/package-graph.ts";
export { svgGraph } from "./graph/svg.ts";
export { textGraph } from "./graph/text.ts";
export {
  type BuildCatalogOptions,
  type BuiltCatalog,
  buildCatalog,
  type CatalogImageFormat,
  formatForBase,
} from "./image/build-catalog.ts";
export { type BuildDatabaseImageOptions, buildDatabaseImage } from "./image/build-database-image.ts";
export { type BuildCatalogImageOptions, type BuiltImage, buildCatalogImage } from "./image/build-image.ts";
export { type FetchCatalogOptions, type FetchedCatalog, fetchCatalogImage } from "./image/fetch-catalog.ts";
export { configLabels, type ImageAt } from "./image/image-manifest.ts";
export { type ImageKind, imageKind, LABELS } from "./image/kind.ts";
export { type ReadCatalogImageOptions, readCatalogImage } from "./image/read-catalog-image.ts";
export { type BundleImagesOptions, bundleImages, environmentImagesOf } from "./images/bundle-images.ts";
export { type CsvImage, csvEnvironmentImages } from "./images/csv-images.ts";
export { type LooseReference, type ReferenceCode, type ReferenceRepair, readLooseReference } from "./images/loose-reference.ts";
export { fetchBundleCsv, type Repair, type RepairOptions, repairFromBundleImage } from "./images/repair-from-image.ts";
export { describePackage, type PackageDescription } from "./list/describe-package.ts";
export {
  type BundleRow,
  type ChannelRow,
  displayName,
  listBundles,
  listChannels,
  listPackages,
  type PackageRow,
} from "./list/list-catalog.ts";
export { catalogName, type MirrorManifests, type MirrorManifestsOptions, mirrorManifests } from "./mirrorfiles/mirror-manifests.ts";
export { type MirrorMapping, type MirrorMappingOptions, mappingText, mirrorMappings } from "./mirrorfiles/mirror-mapping.ts";
export {
  type CatalogFormat,
  catalogFormat,
  type OpenAnyOptions,
  type OpenConvertedOptions,
  openBundleCatalog,
  openCatalog,
  openPackageManifests,
  openSqliteCatalog,
} from "./open/open-any.ts";
export { writeCatalogFiles } from "./open/write-files.ts";
export { type OpenCatalogOptions, openCatalogTree, openFileCatalog } from "./open-catalog.ts";
export { convertPackageManifests } from "./packagemanifest/documents.ts";
export { normalDocument, type RenderOptions, renderDocuments, renderText } from "./render/render-catalog.ts";
export { attachSbom, SBOM_TYPE, type WithSbom } from "./sbom/attach-sbom.ts";
export { type CatalogSbomOptions, catalogSbom } from "./sbom/catalog-sbom.ts";
export {
  type CatalogFiles,
  diskFile,
  folderFiles,
  memoryFile,
  type SourceFile,
  type SourceHandle,
  singleFile,
} from "./scan/source-files.ts";
export { streamedFile } from "./scan/streamed-file.ts";
export { parseInstalled } from "./select/parse-installed.ts";
export { parseSelect, parseSelects } from "./select/parse-select.ts";
export { selectPackages } from "./select/select-packages.ts";
export { upgradePath } from "./select/upgrade-path.ts";
export { type BrokenCut, type WithoutBundles, withoutBundles } from "./select/without-bundles.ts";
export { type ConvertOptions, convertSqlite } from "./sqlite/documents.ts";
export { type WriteDatabaseOptions, writeDatabase } from "./sqlite/write-database.ts";
export { type RenderTemplateOptions, renderTemplate } from "./template/render-template.ts";
export type { TemplateSource } from "./template/template-documents.ts";
export type { TemplateType } from "./template/template-input.ts";
export type {
  BrokenEntry,
  Bundle,
  BundleImage,
  BundleImages,
  BundleInfo,
  Catalog,
  CatalogDocument,
  CatalogFile,
  CatalogProblem,
  CatalogSelection,
  Channel,
  ChannelEntry,
  InstalledVersion,
  PackageInfo,
  PackageSelection,
  Property,
  RelatedImageEntry,
  Selected,
  SelectedChannel,
  SelectedPackage,
  VersionWish,
} from "./types.ts";
export { inRange, parseRange, type VersionRange } from "./version/range.ts";
export { compareVersions, formatVersion, parseVersion, tryParseVersion, type Version } from "./version/version.ts";
export { type WriteCatalogOptions, writeCatalog } from "./write/catalog.ts";
export { wholeCatalog } from "./write/whole-catalog.ts";
export { parseGoYaml } from "./yaml/parse-yaml.ts";
export { goYaml } from "./yaml/write-go-yaml.ts";
