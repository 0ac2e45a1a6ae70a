import { globalTeardown } from './jest-setup';

/** Jest's `globalTeardown` can name this module: `@holdfast/local-postgres/jest-teardown`. */
export default globalTeardown;
