import * as z from 'zod';
import { GroupName, InstanceId, ServiceName, StoredGroupName, StoredServiceName } from '../../model/names';

/** Paths of the native API, in the router's syntax, and the schemas of the names in them. */
export const NAMESPACES_PATH = '/api/v1/ns';
export const NAMESPACE_PATH = `${NAMESPACES_PATH}/:ns`;
export const SERVICE_PATH = `${NAMESPACE_PATH}/groups/:group/services/:service`;
export const INSTANCES_PATH = `${SERVICE_PATH}/instances`;
export const INSTANCE_PATH = `${INSTANCES_PATH}/:id`;
export const TOKENS_PATH = '/api/v1/tokens';
export const TOKEN_PATH = `${TOKENS_PATH}/:id`;
export const TICKETS_PATH = '/api/v1/tickets';

/** Names of an existing service or instance, to read, change or remove it. */
export const ServiceNames = z.strictObject({ group: StoredGroupName, service: StoredServiceName });
export const InstanceNames = ServiceNames.extend({ id: InstanceId });

/** Names of a service or an instance to create. */
export const NewServiceNames = z.strictObject({ group: GroupName, service: ServiceName });
export const NewInstanceNames = NewServiceNames.extend({ id: InstanceId });
