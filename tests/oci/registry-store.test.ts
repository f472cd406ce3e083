import { Registries } from "@skerry/oci";
import { type RunningRegistry, startRegistry } from "@skerry/registry";
import { describe } from "vitest";
import { describeStore, type StoreFactory } from "../../packages/oci/src/testing/describe-store.ts";
import { type DockerRegistry, dockerRegistryProgram, startDockerRegistry } from "../support/docker-registry.ts";
import { type TempFolder, tempFolder } from "../support/temp-folder.ts";

describeStore("the embedded registry", embedded());

describe.skipIf(dockerRegistryProgram === undefined)("with docker-registry", () => {
  describeStore("Debian's docker-registry (needs docker-registry)", docker());
});

function embedded(): StoreFactory {
  let folder: TempFolder;
  let registry: RunningRegistry;
  let registries: Registries;
  return {
    async open() {
      folder = await tempFolder();
      registry = await startRegistry({ root: folder.path });
      registries = new Registries({ insecureHosts: [registry.host], retries: 0 });
      return registries.writer(registry.host);
    },
    async close() {
      await registries.close();
      await registry.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function docker(): StoreFactory {
  let registry: DockerRegistry;
  let registries: Registries;
  return {
    async open() {
      registry = await startDockerRegistry(dockerRegistryProgram ?? "");
      registries = new Registries({ insecureHosts: [registry.host], retries: 0 });
      return registries.writer(registry.host);
    },
    async close() {
      await registries.close();
      await registry[Symbol.asyncDispose]();
    },
    sparseRefused: true,
    tagsStay: true,
  };
}
