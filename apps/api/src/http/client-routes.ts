/** Asks whether a request is one of a client; everything else operates the service. */
export function isClientRoute(route: string | undefined): route is string {
  return route?.startsWith('/v1/') === true;
}
