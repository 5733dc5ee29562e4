// The chat service itself, in a process of its own that tells its address.
import { startChat } from '@moa/chat';
import { readChatConfig } from '@moa/chat/config';

const { address } = await startChat(readChatConfig());
process.send!({ address });
