import { createGlobalSetup } from '@holdfast/local-postgres';

/** One server for the run; each test file fills a database of its own. */
export default createGlobalSetup();
