export { type BuildUpstreamOptions, buildUpstream, type CatalogSource, type Upstream, type UpstreamImage } from "./build.ts";
export { replaceDigests } from "./digests.ts";
export type { Pushed } from "./push.ts";
export { registriesConf, upstreamRepository } from "./registries-conf.ts";
export { type RunningUpstream, type ServeUpstreamOptions, serveUpstream } from "./serve.ts";
