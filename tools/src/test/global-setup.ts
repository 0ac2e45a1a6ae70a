import { createDataSource } from '@holdfast/db';
import { createGlobalSetup } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import { closeDataSource, openDataSource } from '@holdfast/postgres';

/** One server for the run, with a template that is migrated once; each test file clones it. */
export default createGlobalSetup({
  template: async (url) => {
    const dataSource = await openDataSource(createDataSource('test', { DATABASE_URL: url }));
    try {
      await migrate(dataSource);
    } finally {
      await closeDataSource(dataSource);
    }
  },
});
