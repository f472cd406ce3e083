export { archiveBytes, LOCK_ENTRY } from "./archive/archive-files.ts";
export { type ArchiveInHand, takeArchive } from "./archive/archive-in-hand.ts";
export {
  type AuditFault,
  type AuditVerification,
  auditFiles,
  CROSSING_TYPE,
  type Crossing,
  recordCrossing,
  verifyAudit,
} from "./archive/audit.ts";
export { type ArchiveCheck, checkArchive, checkTarget, type TargetCheck } from "./archive/check-import.ts";
export { type ArchiveSigner, type ExportOptions, type ExportReport, type ExportRun, runExport } from "./archive/export-run.ts";
export {
  type FarSide,
  farSideOfHave,
  farSideOfLock,
  farSideOfRequest,
  type HaveList,
  joinFarSides,
  NOTHING_THERE,
  parseHaveList,
} from "./archive/far-side.ts";
export { formatRequest, type GapOptions, type GapRow, type RequestDocument } from "./archive/gap.ts";
export { type HaveOptions, takeHaveList } from "./archive/have.ts";
export { answeredPart, archiveHoldings, type Holdings } from "./archive/holdings.ts";
export { type OpenArchive, openArchiveSource } from "./archive/import-source.ts";
export { mirrorSource } from "./archive/mirror-source.ts";
export { openPlacesSource, type PlacesContext, type PlacesSource } from "./archive/places-source.ts";
export { mergeArchives, type RearrangeOptions, splitArchive } from "./archive/rearrange.ts";
export { checkSignature, isSignedBy, SIGNATURE_FILE, signFile, signingKey } from "./archive/signature.ts";
export { type SubsetArchive, type SubsetContext, subsetArchive } from "./archive/subset-catalog.ts";
export { chooseSubset, parseSubsetRule, type Subset, type SubsetRule } from "./archive/subset-rule.ts";
export { isTool, readTool, type Tool } from "./archive/tool.ts";
export { type ArchiveFault, type ArchiveVerification, faultText, verifyArchive } from "./archive/verify-archive.ts";
export { blockedBy } from "./config/blocked.ts";
export { ConfigError, type ConfigFault, formatConfigFault } from "./config/config-error.ts";
export { CONVERT_VERSIONS, type Conversion, type ConvertOptions, type ConvertVersion, convertImageSetConfig } from "./config/convert.ts";
export { checkLocalPaths } from "./config/local-paths.ts";
export { nearestWord } from "./config/nearest.ts";
export { type NewConfig, newConfigText } from "./config/new-config.ts";
export { parseImageSetConfig } from "./config/parse.ts";
export { IMAGE_SET_API_VERSION, IMAGE_SET_KIND, imageSetSchema } from "./config/schema.ts";
export type { AdditionalImageConfig, ImageSetConfig, OperatorsConfig } from "./config/types.ts";
export { type BlockedImageRule, type ConfigSource, RESOURCE_KINDS, type ResourceKind, type SkerryExtension } from "./config/types.ts";
export { isMirrorError, MIRROR_ERROR_CODES, MirrorError, type MirrorErrorCode, type MirrorErrorFields } from "./errors.ts";
export type { BuiltCatalog } from "./gather/build-catalog.ts";
export type { CatalogMode } from "./gather/gathered.ts";
export { fetchLock, type LockArtifact, lockArtifact, lockRepository, lockTag, storedLocks, storeLock } from "./lock/at-target.ts";
export { diffLocks, isSame, type LockDifference } from "./lock/diff.ts";
export { formatLock, sameLock, stableJson } from "./lock/format.ts";
export { parseLock } from "./lock/parse.ts";
export { type ImageSetLock, LOCK_MEDIA_TYPE, type LockedResources } from "./lock/types.ts";
export { knownSubjects, type Why, type WhyImage, whyInLock } from "./lock/why.ts";
export {
  DEFAULT_NAMING,
  destinationOf,
  digestTag,
  type NamingPolicy,
  parseDigestTag,
  parseRegistryTarget,
  type RegistryTarget,
  targetRepository,
} from "./plan/destination.ts";
export {
  type PlanDocument,
  type PlanDocumentInput,
  type PlanEstimate,
  type PlanTotals,
  type Presence,
  planDocument,
} from "./plan/document.ts";
export { mappingText, missingText } from "./plan/lists.ts";
export { type ImagePlan, type ImageRequest, planImages } from "./plan/plan.ts";
export {
  type ChildImage,
  type Destination,
  IMAGE_KINDS,
  type ImageKind,
  type KeptChannel,
  type KeptPackage,
  type LockedImage,
  type MissingImage,
  type OperatorCost,
  type PlannedCatalog,
  type PlannedImage,
  type Reason,
  type ReferrerImage,
} from "./plan/types.ts";
export { isOpen, PROBLEM_CODES, type Problem, type ProblemCode } from "./problem/problem.ts";
export { parseWaiver, type Waiver, waive, waiverFor } from "./problem/waive.ts";
export { type Connected, openConnected } from "./run/connected.ts";
export type { PlanEvent, PlanOptions, RunContext } from "./run/context.ts";
export { CatalogGuards, type PartialCatalog } from "./run/guard.ts";
export { type MadePlan, makePlan, type PlanInput } from "./run/make-plan.ts";
export { type MirrorOptions, type MirrorTarget, mirrorLock } from "./run/mirror-lock.ts";
export { type ErrorRow, errorRow, type MirrorReport, mirrorReport, type ReportImage, type RunResult, runResult } from "./run/report.ts";
export type { DescribedResources, DescribeResources, ResourceSubject } from "./run/resources.ts";
export type { SourceOf } from "./run/roots.ts";
export { type MirrorRun, runMirror } from "./run/run-mirror.ts";
export { checkStrict, type FinishedPlan, type LockSource, type PlanRun, runPlan } from "./run/run-plan.ts";
export { type VerifyCatalogsOptions, verifyCatalogs } from "./verify/catalogs.ts";
export { mergeVerifyReports } from "./verify/merge.ts";
export type { ExtraFinding, MissingFinding, VerifyReport, WrongFinding } from "./verify/types.ts";
export { type VerifiedStore, type VerifyOptions, verifyLock } from "./verify/verify.ts";
export { keepOnly, readTextFile, writeIfChanged, writeTextFile } from "./workspace/files.ts";
export {
  type OwnedWorkspace,
  openWorkspace,
  readLockFile,
  readWorkspaceLock,
  type Workspace,
  workspaceAt,
  writeWorkspaceFile,
  writeWorkspaceLock,
} from "./workspace/workspace.ts";
