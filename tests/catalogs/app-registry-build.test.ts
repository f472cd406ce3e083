import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestAppRegistry, type TestAppRegistry, testArchive } from "../../packages/catalog/src/testing/app-registry.ts";
import { type MirrorWorld, mirrorWorld } from "../mirror/world.ts";

const CSV = {
  apiVersion: "operators.coreos.com/v1alpha1",
  kind: "ClusterServiceVersion",
  metadata: { name: "amber.v1.0.0" },
  spec: { version: "1.0.0" },
};

describe("catalog build --appregistry-org", () => {
  let world: MirrorWorld;
  let apps: TestAppRegistry;
  let to: string;
  beforeAll(async () => {
    world = await mirrorWorld();
    const archive = await testArchive({
      "amber/1.0.0/csv.yaml": JSON.stringify(CSV),
      "amber/amber.package.yaml": "packageName: amber\nchannels: [{name: stable, currentCSV: amber.v1.0.0}]\n",
    });
    apps = await startTestAppRegistry([{ name: "amber", release: "1.0.0", archive }], "basic dG9rZW4=");
    to = `${world.target.host}/catalogs/apps:v1`;
  });
  afterAll(async () => {
    await apps.close();
    await world[Symbol.asyncDispose]();
  });

  function args(...more: readonly string[]): readonly string[] {
    const from = "quay.isle.example/shared/toolbox:1.4";
    return ["catalog", "build", "--appregistry-org", "org", "--appregistry-endpoint", apps.endpoint, "--from", from, "--to", to, ...more];
  }

  it("pushes a database of the packages, with the token of a file, and says where it is", async () => {
    await writeFile(join(world.dir, "token"), "basic dG9rZW4=\n");
    const { code, stdout, stderr } = await world.run(...args("--format", "sqlite", "--auth-token-file", "token"));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stdout).toMatch(new RegExp(`^Pushed sha256:[0-9a-f]{64} to ${to}\n$`));
    expect(stderr).not.toContain("dG9rZW4=");
    const listed = await world.run("catalog", "list", `docker://${to}`);
    expect(listed.code).toBe(0);
    expect(listed.stdout).toContain("amber");
  });

  it("logs in by itself, with the password of a file or stdin", async () => {
    await writeFile(join(world.dir, "password"), "s3cret\n");
    const login = await world.run(...args("--appregistry-user", "amy", "--password-file", "password"));
    expect(login).toMatchObject({ code: 0 });
    expect(apps.requests).toContain("POST /cnr/api/v1/users/login");
    expect(login.stderr + login.stdout).not.toMatch(/s3cret|dG9rZW4=/);
    await writeFile(join(world.dir, "password"), "wrong\n");
    const refused = await world.run(...args("--appregistry-user", "amy", "--password-file", "password"));
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain("Invalid credentials");
    expect((await world.run(...args("--password-file", "password"))).code).toBe(2);
    expect((await world.run(...args("--appregistry-user", "amy", "--password-file", "password", "--auth-token", "t"))).code).toBe(2);
  });

  it("warns of a token on the command line, and does not repeat it", async () => {
    const { code, stderr } = await world.run(...args("--auth-token", "basic dG9rZW4="));
    expect(code).toBe(0);
    expect(stderr).toContain("--auth-token-file");
    expect(stderr).not.toContain("dG9rZW4=");
  });

  it("says what the app registry answered without a token, and pushes nothing", async () => {
    world.target.reset();
    const { code, stderr } = await world.run(...args());
    expect(code).toBe(1);
    expect(stderr).toContain("401");
    expect(world.target.methods()["PUT"] ?? 0).toBe(0);
  });

  it("takes either a catalog or an organisation", async () => {
    expect((await world.run("catalog", "build", "--to", to)).code).toBe(2);
    expect((await world.run(...args("catalog"))).code).toBe(2);
  });
});
