import type { ChatServiceDefinition, ModerationServiceDefinition } from '@moa/contracts/chat/v1/chat_service';
import type { Implementation } from '@moa/kit';
import type { Context } from '../service.js';
import { decideReport } from './decide-report.js';
import { deleteMessage } from './delete-message.js';
import { editMessage } from './edit-message.js';
import { freezeRoom } from './freeze-room.js';
import { getRoom } from './get-room.js';
import { hideMessage } from './hide-message.js';
import { joinRoom } from './join-room.js';
import { leaveRoom } from './leave-room.js';
import { listMessages } from './list-messages.js';
import { listMyRooms } from './list-my-rooms.js';
import { listReports } from './list-reports.js';
import { listRooms } from './list-rooms.js';
import { markRead } from './mark-read.js';
import { muteMember } from './mute-member.js';
import { reportMessage } from './report-message.js';
import { sendMessage } from './send-message.js';
import { streamMessages } from './stream-messages.js';
import { unfreezeRoom } from './unfreeze-room.js';
import { unhideMessage } from './unhide-message.js';
import { unmuteMember } from './unmute-member.js';

export const chatService = (context: Context): Implementation<typeof ChatServiceDefinition> => ({
  getRoom: getRoom(context),
  listRooms: listRooms(context),
  listMyRooms: listMyRooms(context),
  joinRoom: joinRoom(context),
  leaveRoom: leaveRoom(context),
  sendMessage: sendMessage(context),
  editMessage: editMessage(context),
  deleteMessage: deleteMessage(context),
  listMessages: listMessages(context),
  streamMessages: streamMessages(context),
  markRead: markRead(context),
  reportMessage: reportMessage(context),
});

export const moderationService = (context: Context): Implementation<typeof ModerationServiceDefinition> => ({
  listReports: listReports(context),
  decideReport: decideReport(context),
  hideMessage: hideMessage(context),
  unhideMessage: unhideMessage(context),
  muteMember: muteMember(context),
  unmuteMember: unmuteMember(context),
  freezeRoom: freezeRoom(context),
  unfreezeRoom: unfreezeRoom(context),
});
