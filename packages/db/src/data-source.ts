import 'reflect-metadata';
import { createDataSource } from './create-data-source';

/** The DataSource that the typeorm and holdfast commands take: `-d packages/db/dist/data-source.js`. */
export const dataSource = createDataSource();
