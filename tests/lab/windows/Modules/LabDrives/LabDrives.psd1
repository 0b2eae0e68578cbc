# Drives belong to a runspace, and ansible runs a module in a runspace of its own. The first command that it calls there is
# Set-Variable; this module claims that command, so that loading it mounts the drives of the host before the module begins.
@{
    RootModule = 'LabDrives.psm1'
    ModuleVersion = '1.0'
    GUID = '5a0b5f0e-7d0c-4c43-9f39-6b2a0c8f6d11'
    CmdletsToExport = @('Set-Variable')
    FunctionsToExport = @()
    AliasesToExport = @()
}
