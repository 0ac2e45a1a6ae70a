import { CONSOLE_FILES } from './routes/console.routes';
import { OPERATIONS_ROUTES } from './routes/operations.routes';

/** What the page of the documentation is made of. */
const DOCUMENTATION = /^\/docs(?:\/|$)/;

/** Asks whether a route is for everybody: health and metrics, the documentation, and the console as long as it is empty. */
export function isOpenRoute(route: string): boolean {
  return OPERATIONS_ROUTES.has(route) || CONSOLE_FILES.includes(route) || DOCUMENTATION.test(route);
}
