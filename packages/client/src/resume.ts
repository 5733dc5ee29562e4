// Where a stream goes on when it is opened again.
import { ChatServiceDefinition, type StreamMessagesRequest, type StreamMessagesResponse } from '@moa/contracts/chat/v1/chat_service';
import { pathOf } from '@moa/contracts/method';

const MESSAGES = pathOf(ChatServiceDefinition, ChatServiceDefinition.methods.streamMessages);

/** The request for what comes after a message. Streams whose every message counts have a position; others begin with the present. */
export function requestAfter<Request>(path: string, request: Request, message: unknown): Request {
  if (path !== MESSAGES) return request;
  const { entry, upTo } = message as StreamMessagesResponse;
  const place: Partial<StreamMessagesRequest> = { after: entry?.sequence ?? upTo, fromNow: false };
  return { ...request, ...place };
}
