import { createGlobalSetup } from '@holdfast/local-postgres';
import { migrate } from './migrate';

export default createGlobalSetup({ template: migrate });
