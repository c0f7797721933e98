//! How many processes and how much memory a shell has, looked at when a command is to begin.
//!
//! An unprivileged host cannot have the kernel count either for a shell. So a command is refused when
//! there is too much already; and each process by itself has a limit on its memory, which the keeper
//! sets and every descendant inherits.

use winsta_wsman::Fault;
use winsta_wsman::fault::Kind;

use super::shell::Shell;
use crate::engine::Engine;
use crate::workers::Workers;

impl Engine {
    /// Whether a shell may have one more command.
    pub(super) async fn has_room(&self, shell: &Shell, workers: &Workers) -> Result<(), Fault> {
        let terms = &shell.facts.terms;
        let (most, memory) = (terms.max_processes_per_shell, terms.max_memory_per_shell_mb);
        if most == 0 && memory == 0 {
            return Ok(());
        }
        let is_pool = shell.state().is_pssession();
        let mut count = 0;
        let mut bytes = 0;
        for worker in shell.workers() {
            // What has ended meanwhile has no processes.
            let pids = workers.members(worker).await.unwrap_or_default();
            bytes += pids.iter().map(|pid| own_memory(*pid)).sum::<u64>();
            // A session's own engine is not its user's.
            let own = usize::from(is_pool && workers.exit(worker).is_none());
            count += pids.len().saturating_sub(own);
        }
        if most != 0 && count >= most as usize {
            return Err(Kind::Quota.saying(format!(
                "Not enough quota is available to process this command. The shell has {count} \
                 processes, and MaxProcessesPerShell is {most}."
            )));
        }
        let used = bytes >> 20;
        if memory != 0 && used >= u64::from(memory) {
            return Err(Kind::Quota.saying(format!(
                "Not enough quota is available to process this command. The shell's processes have \
                 {used} MB of memory, and MaxMemoryPerShellMB is {memory}."
            )));
        }
        Ok(())
    }
}

/// Bytes of memory that a process shares with none; 0 of one that is gone.
fn own_memory(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    let mut pages = text
        .split_ascii_whitespace()
        .skip(1)
        .map_while(|number| number.parse::<u64>().ok());
    let (resident, shared) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
    let page = rustix::param::page_size() as u64;
    resident.saturating_sub(shared) * page
}
