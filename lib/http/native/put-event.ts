import { ownSource } from '../../core/bus-message.ts';
import { invalidField, ServiceError } from '../../core/errors.ts';
import type { PutEvent } from '../../core/ports.ts';
import { json } from '../json.ts';
import type { Handler } from '../message.ts';
import { readObject } from './read-object.ts';
import { eventBody } from './schemas.ts';

/**
 * `POST /v1/events`: 202 once the event is on the bus, with the id it has there. It reaches the plans of every project, so
 * the key must not be for some of them only.
 */
export function createPutEvent(putEvent: PutEvent): Handler {
  return async (request, principal) => {
    if (principal.projects !== null || principal.planIds !== null) {
      throw new ServiceError('FORBIDDEN', 'Events reach every plan, and the API key is for some of them only');
    }
    const { id, time, ...event } = await readObject(request, eventBody);
    if (event.source === ownSource) throw invalidField('source', `must not be ${ownSource}, which only Proctor says`);
    const put = await putEvent({
      ...event,
      ...(id == null ? {} : { id }),
      ...(time == null ? {} : { time: Date.parse(time) }),
    });
    return json(202, put);
  };
}
