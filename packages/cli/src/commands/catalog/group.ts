import { type Group, group } from "../../command/types.ts";
import { catalogBuild } from "./build.ts";
import { catalogDiff } from "./diff.ts";
import { catalogGraph } from "./graph.ts";
import { catalogImages } from "./images.ts";
import { catalogList } from "./list.ts";
import { catalogMigrate } from "./migrate.ts";
import { catalogMirror } from "./mirror.ts";
import { catalogRender } from "./render.ts";
import { catalogSearch } from "./search.ts";
import { catalogSelect } from "./select.ts";
import { catalogShow } from "./show.ts";
import { catalogValidate } from "./validate.ts";

/** `skerry catalog`. */
export const catalog: Group = group("look into, check and cut operator catalogs", {
  list: catalogList,
  show: catalogShow,
  graph: catalogGraph,
  diff: catalogDiff,
  images: catalogImages,
  search: catalogSearch,
  render: catalogRender,
  validate: catalogValidate,
  select: catalogSelect,
  migrate: catalogMigrate,
  build: catalogBuild,
  mirror: catalogMirror,
});
