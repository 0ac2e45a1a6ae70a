import { createGlobalSetup } from '@holdfast/local-postgres';
import { migrate } from '@holdfast/online-schema';
import { createDataSource } from '../index';

/** One server for the run, with a template that is migrated once; each test file clones it. */
export default createGlobalSetup({
  template: async (url) => {
    const dataSource = createDataSource('test', { DATABASE_URL: url });
    await dataSource.initialize();
    try {
      await migrate(dataSource);
    } finally {
      await dataSource.destroy();
    }
  },
});
