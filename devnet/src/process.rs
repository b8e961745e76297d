//! Child processes that never outlive this one.

use std::{
    ffi::OsStr,
    fs::File,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// How long a process may take to end by itself after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// A running child process with its log file.
///
/// Dropping it kills it; and should this process be killed, the system kills the child.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with its output going to `folder/<name>.log`. Secrets belong into `environment`.
    ///
    /// # Errors
    ///
    /// If the log cannot be created or the program does not start.
    pub fn spawn<A: AsRef<OsStr>>(
        name: &str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, String)],
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(environment.iter().map(|(key, value)| (*key, value)))
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        die_with_parent(&mut command);
        let child = command.spawn().with_context(|| format!("cannot start {name} ({})", program.display()))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the process has written so far.
    ///
    /// # Errors
    ///
    /// If the log cannot be read.
    pub fn output(&self) -> io::Result<String> {
        std::fs::read_to_string(&self.log)
    }

    /// Fails with the end of the log if the process has ended.
    ///
    /// # Errors
    ///
    /// If it has.
    pub fn check_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("{} ended early ({status}); its log ends:\n{}", self.name, self.tail()),
        }
    }

    /// Waits until the process ends by itself.
    ///
    /// # Errors
    ///
    /// If the system cannot tell.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the process to end, and kills it if it does not within five seconds.
    pub async fn stop(mut self) {
        self.terminate();
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            tracing::warn!(process = self.name, "did not end after SIGTERM, killing it");
            if let Err(error) = self.child.kill().await {
                tracing::warn!(process = self.name, %error, "cannot be killed");
            }
        }
    }

    /// Sends SIGTERM.
    #[expect(unsafe_code, reason = "kill(2) has no safe binding in the standard library")]
    pub fn terminate(&self) {
        let Some(id) = self.child.id().and_then(|id| i32::try_from(id).ok()) else { return };
        // SAFETY: kill takes plain integers; the child is not yet reaped, so its id is still its own.
        unsafe { libc::kill(id, libc::SIGTERM) };
    }

    /// The last lines of the log.
    pub fn tail(&self) -> String {
        let text = self.output().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

/// Has the system kill the child when the thread that started it dies. That thread must live as long as the process:
/// children are started from the runtime's main thread.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "prctl(2) must be called between fork and exec")]
fn die_with_parent(command: &mut Command) {
    // SAFETY: prctl is async-signal-safe and touches no memory of the parent.
    unsafe {
        command.pre_exec(|| {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) == -1 {
                return Err(io::Error::last_os_error());
            }
            Ok(())
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_: &mut Command) {}
