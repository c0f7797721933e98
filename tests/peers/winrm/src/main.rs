//! `winrm-rs` and `psrp-rs`, clients of other people, against the host at the port that is the
//! argument. It panics at the first answer that is not as it should be.

use std::error::Error;
use std::time::Duration;

use psrp_rs::{Command, Pipeline, PsValue, PsrpError, RunspacePool, WinrmPsrpTransport};
use tokio_util::sync::CancellationToken;
use winrm_rs::{AuthMethod, SoapError, WinrmClient, WinrmConfig, WinrmCredentials, WinrmError};

type Done = Result<(), Box<dyn Error>>;

/// Where the host is.
const HOST: &str = "127.0.0.1";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Done {
    let port = std::env::args().nth(1).ok_or("which port?")?.parse()?;
    let client = |password| {
        let config = WinrmConfig {
            port,
            auth_method: AuthMethod::Basic,
            ..WinrmConfig::default()
        };
        WinrmClient::new(config, WinrmCredentials::new("ann", password, ""))
    };
    strangers(&client("guessed")?).await?;
    println!("a stranger was refused");
    let client = client("secret")?;
    commands(&client).await?;
    println!("commands ran");
    input_and_signals(&client).await?;
    println!("commands had input and were interrupted");
    handover(&client).await?;
    println!("a shell was taken back");
    pipelines(&client).await?;
    println!("pipelines ran");
    let cancelled = Box::pin(stopped(&client));
    tokio::time::timeout(Duration::from_secs(60), cancelled).await??;
    Ok(())
}

async fn strangers(client: &WinrmClient) -> Done {
    let refused = client.run_command(HOST, "id", &[]).await;
    assert!(
        matches!(refused, Err(WinrmError::AuthFailed(_))),
        "{refused:?}"
    );
    Ok(())
}

async fn commands(client: &WinrmClient) -> Done {
    let said = client
        .run_command(HOST, "printf '%s|' 'a b' é; echo no >&2; exit 3", &[])
        .await?;
    assert_eq!(String::from_utf8(said.stdout)?, "a b|é|");
    assert_eq!(String::from_utf8(said.stderr)?, "no\n");
    assert_eq!(said.exit_code, 3);
    let said = client.run_command(HOST, "echo", &["<&>", "]]>"]).await;
    // Its arguments are words of the line, so this one redirects, and bash complains.
    assert_ne!(said?.exit_code, 0);
    let said = client.run_command(HOST, "seq 1 60000 | cat", &[]).await?;
    let expected: String = (1..=60_000).map(|number| format!("{number}\n")).collect();
    assert_eq!(String::from_utf8(said.stdout)?, expected);
    let said = client.run_powershell(HOST, "cd /; pwd; exit 4").await?;
    assert_eq!((said.stdout.as_slice(), said.exit_code), (&b"/\n"[..], 4));
    Ok(())
}

async fn input_and_signals(client: &WinrmClient) -> Done {
    let shell = client.open_shell(HOST).await?;
    let command = shell.start_command("cat; echo over", &[]).await?;
    shell.send_input(&command, b"one\n", false).await?;
    shell
        .send_input(&command, "zw\u{f6}lf\n".as_bytes(), true)
        .await?;
    let mut said = Vec::new();
    loop {
        let output = shell.receive_next(&command).await?;
        said.extend(output.stdout);
        if output.done {
            assert_eq!(output.exit_code, Some(0));
            break;
        }
    }
    assert_eq!(String::from_utf8(said)?, "one\nzw\u{f6}lf\nover\n");

    let command = shell
        .start_command("echo begun; exec sleep 600", &[])
        .await?;
    let mut said = Vec::new();
    while said != b"begun\n" {
        said.extend(shell.receive_next(&command).await?.stdout);
    }
    shell.signal_ctrl_c(&command).await?;
    let mut output = shell.receive_next(&command).await?;
    while !output.done {
        output = shell.receive_next(&command).await?;
    }
    assert_eq!(output.exit_code, Some(130));
    let id = shell.shell_id().to_owned();
    shell.close().await?;

    let gone = client.execute_command(HOST, &id, "id", &[]).await;
    let Err(WinrmError::Soap(SoapError::Fault { code, .. })) = gone else {
        panic!("{gone:?}");
    };
    assert!(code.ends_with("InvalidSelectors"), "{code}");
    Ok(())
}

async fn handover(client: &WinrmClient) -> Done {
    let shell = client.open_shell(HOST).await?;
    let uri = shell.resource_uri().to_owned();
    let command = shell
        .start_command("read -r line; echo \"<$line>\"", &[])
        .await?;
    let id = shell.disconnect().await?;
    let shell = client.reconnect_shell(HOST, &id, &uri).await?;
    shell.send_input(&command, b"again\n", true).await?;
    let mut said = Vec::new();
    loop {
        let output = shell.receive_next(&command).await?;
        said.extend(output.stdout);
        if output.done {
            break;
        }
    }
    assert_eq!(said, b"<again>\n");
    shell.close().await?;
    Ok(())
}

/// A pool with one runspace.
async fn open(client: &WinrmClient) -> psrp_rs::Result<RunspacePool<WinrmPsrpTransport<'_>>> {
    let (id, creation) = RunspacePool::<WinrmPsrpTransport<'_>>::build_creation_fragments(1, 1)?;
    let transport = WinrmPsrpTransport::open(client, HOST, &creation).await?;
    RunspacePool::open_from_transport(transport, id, 1, 1).await
}

/// Ends a pool. `psrp-rs` says goodbye with a message that [MS-PSRP] does not have, so it hears of a
/// mistake, and ends the shell all the same.
async fn close(pool: RunspacePool<WinrmPsrpTransport<'_>>) {
    let said = pool.close().await;
    let is_as_expected = match &said {
        Ok(()) => true,
        Err(PsrpError::Winrm(WinrmError::Soap(SoapError::Fault { code, .. }))) => {
            code.ends_with("InvalidParameter")
        }
        Err(_) => false,
    };
    assert!(is_as_expected, "{said:?}");
}

async fn pipelines(client: &WinrmClient) -> Done {
    let mut pool = open(client).await?;
    let said = pool.run_script("x='a <b>'; cd /etc").await?;
    assert_eq!(said, []);
    let said = pool.run_script("echo \"$x\"; pwd; echo é").await?;
    assert_eq!(said, lines(&["a <b>", "/etc", "é"]));
    let said = Pipeline::new("echo out; echo err >&2")
        .run_all_streams(&mut pool)
        .await?;
    assert_eq!(said.output, lines(&["out"]));
    let [error] = &said.typed_errors()[..] else {
        panic!("{:?}", said.errors);
    };
    let exception = error.exception.as_ref().ok_or("it says why")?;
    assert_eq!(exception.message.as_deref(), Some("err"));
    let piped = Pipeline::empty()
        .add_command(
            Command::new("printf")
                .with_argument(line("%s\\n"))
                .with_argument(line("b a")),
        )
        .add_command(
            Command::new("tr")
                .with_argument(line("a-z"))
                .with_argument(line("A-Z")),
        );
    assert_eq!(piped.run(&mut pool).await?, lines(&["B A"]));

    let mut cat = Pipeline::new("cat")
        .with_input(true)
        .start(&mut pool)
        .await?;
    cat.write_input(line("typed")).await?;
    cat.end_input().await?;
    assert_eq!(cat.collect().await?.output, lines(&["typed"]));

    let said = pool.run_script("seq 1 3000").await?;
    let expected = (1..=3_000).map(|number| line(&number.to_string()));
    assert_eq!(said, expected.collect::<Vec<_>>());
    close(pool).await;
    Ok(())
}

async fn stopped(client: &WinrmClient) -> Done {
    let mut pool = open(client).await?;
    let cancel = CancellationToken::new();
    let token = cancel.clone();
    let place = std::env::temp_dir().join(format!("winsta-winrm-{}", std::process::id()));
    let runs = place.clone();
    tokio::spawn(async move {
        while !runs.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        token.cancel();
    });
    let script = format!("touch {}; sleep 600", place.display());
    let said = pool.run_script_with_cancel(&script, cancel).await;
    std::fs::remove_file(&place)?;
    assert!(matches!(said, Err(PsrpError::Cancelled)), "{said:?}");
    assert_eq!(pool.run_script("echo on").await?, lines(&["on"]));
    close(pool).await;
    Ok(())
}

fn line(text: &str) -> PsValue {
    PsValue::String(text.to_owned())
}

fn lines(lines: &[&str]) -> Vec<PsValue> {
    lines.iter().copied().map(line).collect()
}
