@echo off
rem Needs no network and no administrator. Messages come from install.py, in Chinese and English.
setlocal
cd /d "%~dp0"
set "FOUND="
py -@PYTHON@ -c "" >nul 2>nul && set "FOUND=py -@PYTHON@"
if not defined FOUND python -c "import sys; sys.exit('%%d.%%d' %% sys.version_info[:2] != '@PYTHON@')" >nul 2>nul && set "FOUND=python"
if defined FOUND goto install
rem The installer of Python, if it was put beside this file, serves the present user alone.
for %%F in (python-@PYTHON@.*-amd64.exe) do (
    "%%F" /quiet InstallAllUsers=0 PrependPath=0 Include_launcher=0 Include_test=0 TargetDir="%LOCALAPPDATA%\Programs\Python@PYTHON@"
)
if exist "%LOCALAPPDATA%\Programs\Python@PYTHON@\python.exe" set FOUND="%LOCALAPPDATA%\Programs\Python@PYTHON@\python.exe"
if defined FOUND goto install
echo Python @PYTHON@ (64-bit) was not found. See README.txt.
pause
exit /b 2
:install
%FOUND% install.py %*
set "CODE=%ERRORLEVEL%"
pause
exit /b %CODE%
