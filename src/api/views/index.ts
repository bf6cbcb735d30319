/** All JSON that `/api/v1` answers with: flat objects whose instants are ISO 8601 and whose enumerations are snake_case. */
export { showAlert, showEpisode } from './alert.ts'
export { showHost, showHostDetail, showRetiredHost } from './host.ts'
export { findNotifications, showNotification } from './notification.ts'
export { showRule, showWhy } from './rule.ts'
export { showSilence } from './silence.ts'
