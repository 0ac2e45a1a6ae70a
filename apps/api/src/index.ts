export { createApiKeyText, hashApiKey } from './api-key-text';
export { createService, type Service, type ServiceOptions } from './compose';
export { type OperatorKey, writeOperatorKey } from './operator-key';
export { readServiceSettings, type ServiceSettings } from './settings';
