/** Version of the program. The same as in package.json, which a test holds together with this. */
export const VERSION = "0.1.0";

/** Commit that was built; the build replaces it. */
export const COMMIT: string | undefined = undefined;

/** True in the build that is a single file; the build replaces it. */
export const STANDALONE: boolean = false;
